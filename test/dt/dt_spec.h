// SPDX-License-Identifier: BSD-2-Clause
/* Tree ensembles in the words of the ONNX operator, written to a file in memory and imported. */
#ifndef DT_SPEC_H
#define DT_SPEC_H

#include "dt_import.h"

enum { SPEC_NODES = 1100, SPEC_WEIGHTS = 256 };

struct spec {
    size_t node_count;
    int64_t tree[SPEC_NODES];
    int64_t id[SPEC_NODES];
    int64_t feature[SPEC_NODES];
    const char *mode[SPEC_NODES];
    float value[SPEC_NODES];
    int64_t yes[SPEC_NODES];
    int64_t no[SPEC_NODES];
    size_t weight_count;
    int64_t weight_tree[SPEC_WEIGHTS];
    int64_t weight_node[SPEC_WEIGHTS];
    int64_t weight_class[SPEC_WEIGHTS];
    float weight[SPEC_WEIGHTS];
    size_t base_count;
    float base[8];
    const char *post_transform;
    const char *classes; /* afxdp.classes */
    const char *labels[4];
    size_t label_count;
    uint32_t feature_set; /* 0: FEATURE_SET_1 */
    int64_t width;
    const char *extra; /* a float attribute of that name */
};

void spec_node(struct spec *spec, int64_t tree, int64_t id, const char *mode, int64_t feature,
               float value, int64_t yes, int64_t no);
void spec_weight(struct spec *spec, int64_t tree, int64_t id, int64_t class_id, float weight);

/* One branch: class a where its answer is yes, else class b. */
struct spec spec_stump(const char *mode, int64_t feature, float value);

/* Imports it with three calibration rows; the integer model must agree with the file's on them. */
int spec_import(struct q8 **out, const struct spec *spec, struct error *error);

#endif
