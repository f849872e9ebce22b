// SPDX-License-Identifier: BSD-2-Clause
/* The tree and forest classifier: from a `.q8` file to struct classifier, in the fastest variant
 * that the CPU offers. All variants give the same verdicts, bit for bit.
 *
 * The payload, little-endian: struct dt_payload, struct dt_tree[tree_count], struct
 * dt_node[node_count], int32 scores[row_count][class_count], nothing behind. */
#ifndef AFXDP_DT_H
#define AFXDP_DT_H

#include "classifier.h"
#include "dt_model.h"
#include "error.h"
#include "q8.h"

struct dt_payload {
    uint32_t tree_count;
    uint32_t node_count;
    uint32_t row_count;
    uint32_t reserved; /* 0 */
};

/* How a node stands in a file of format version 1: link is left << 4 | feature, and a leaf has 12
 * for a feature. Version 2 has struct dt_node as it is. */
enum { DT_VALUE_BITS_1 = 4, DT_LEAF_1 = FEATURES_1 };

/* Takes a model out of a file that q8_decode has accepted, and trusts nothing in it: counts are
 * capped, sizes add up exactly, the first tree begins at node 0 and each where the one before
 * ends, every node but a root is the child of exactly one earlier node of its tree, depths are as
 * stated and at most DT_DEPTH_MAX, values and rows exist, every row is used, and no sum of scores
 * over all trees can leave an int32.
 *
 * `*out` is untouched on failure; free it with dt_model_free. -EINVAL with the reason in `error`,
 * or -ENOMEM. */
int dt_model_load(struct dt_model **out, const struct q8 *file, struct error *error);

void dt_model_free(struct dt_model *model); /* takes NULL */

/* A model with room for that many nodes and rows, all zero but its counts; NULL without memory. */
struct dt_model *dt_model_allocate(uint32_t node_count, uint32_t row_count, uint32_t class_count);

/* The payload's bytes, which the caller frees; dt_model_load reads and checks them. -ENOMEM. */
int dt_model_encode(const struct dt_model *model, uint8_t **out, size_t *size, struct error *error);

/* The model of a file in the fastest variant for these CPU levels (cpu_levels()). Every variant
 * that they offer has to pass the file's golden vectors first: -EBADMSG when one differs. Else as
 * dt_model_load. */
int dt_classifier_new(struct classifier **out, const struct q8 *file, uint32_t levels,
                      struct error *error);

/* The variants built into this program, the C reference first and the fastest last. */
size_t dt_variant_count(void);
const char *dt_variant_name(size_t variant);
/* Whether a CPU of these levels can run it; the reference always. */
bool dt_variant_offered(size_t variant, uint32_t levels);

/* A classifier of one variant, for tests and the bench; runs no golden vectors and copies the
 * model. -ENOMEM. */
int dt_variant_new(struct classifier **out, size_t variant, const struct dt_model *model,
                   struct error *error);

#endif
