// SPDX-License-Identifier: BSD-2-Clause
/* The model file `.q8`: one container for every kind of model. docs/q8.md shows its bytes.
 *
 * The container owns what all models share: names and default actions of the classes, where the
 * model came from, the confidence table, golden vectors and the checksum. The payload is nn/'s or
 * dt/'s. The loader trusts nothing: it copies the file into private memory and checks every size,
 * cap, name and reserved byte before anything is used. */
#ifndef AFXDP_Q8_H
#define AFXDP_Q8_H

#include <stddef.h>
#include <stdint.h>

#include "classifier.h"
#include "error.h"

enum q8_kind {
    Q8_NN = 1,
    Q8_DT = 2, /* a tree or a forest */
};

enum {
    Q8_VERSION_1 = 1, /* models of FEATURE_SET_1 */
    Q8_VERSION_2 = 2, /* models of FEATURE_SET_2 */
    Q8_FILE_MAX = 64 << 20,
    Q8_PROVENANCE_MAX = 1 << 16,
    Q8_GOLDEN_MAX = 4096, /* at least one is required */
};

struct q8_class {
    char name[CLASS_NAME_SIZE]; /* [a-z0-9][a-z0-9_-]*, unique, not one of the engine's own names */
    uint8_t action;             /* enum action: the default, which --action overrides */
};

/* A row whose verdict is known: every inference variant is checked against it at load. */
struct q8_golden {
    uint32_t features[FEATURES_MAX]; /* as many as the feature set has, then zeros */
    struct verdict verdict;
};

/* A model file in memory. To write one, fill a struct q8 and call q8_encode. */
struct q8 {
    enum q8_kind kind;
    uint32_t feature_set; /* FEATURE_SET_1 or _2: what the payload reads; the version follows */
    uint32_t class_count; /* 2..CLASSES_MAX */
    struct q8_class classes[CLASSES_MAX];
    struct confidence_table confidence;
    const char *provenance; /* NUL-terminated JSON text, for people and `afxdp-model inspect` */
    const uint8_t *payload;
    size_t payload_size;
    const struct q8_golden *golden;
    uint32_t golden_count;
    uint32_t checksum; /* CRC-32 of the file before it; q8_encode and q8_decode set it */
    void *memory;      /* what the pointers above point into; NULL when the caller owns them */
};

/* Reads and checks the file at `path`; `*out` is untouched on failure. Free it with q8_free.
 * -errno of open and read; -EINVAL for a file that isn't a valid model, with the reason in
 * `error`. The payload is checked by nn_model_load or dt_model_load. */
int q8_read(struct q8 **out, const char *path, struct error *error);

/* The same from bytes in memory, which are copied. */
int q8_decode(struct q8 **out, const void *bytes, size_t size, struct error *error);

/* The file's bytes, which the caller frees; checks what it writes as q8_decode would. */
int q8_encode(struct q8 *file, uint8_t **out, size_t *size, struct error *error);

/* Writes q8_encode's bytes to a new file beside `path` and renames it there: a reader sees the old
 * model or the new one, never half of one. What isn't a regular file is written to as it is. */
int q8_write(struct q8 *file, const char *path, struct error *error);

void q8_free(struct q8 *file);

/* Runs the golden vectors, as one batch and in batches of one. -EBADMSG when one differs. */
int q8_check_golden(const struct q8 *file, const struct classifier *classifier,
                    struct error *error);

/* -EINVAL for a name that isn't one, is reserved or stands there twice, and an unknown action. */
int q8_check_classes(const struct q8_class *classes, uint32_t count, struct error *error);

/* How wide a column of class names is, and at least. */
int q8_class_width(const struct q8 *file, int least);

/* The class of that name, or -1. */
int q8_class_index(const struct q8 *file, const char *name);

/* "count", "forward", "drop"; NULL where there is no such action. */
const char *action_name(uint32_t action);
/* Its value, or -1. */
int action_parse(const char *name);

#endif
