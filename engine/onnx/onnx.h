// SPDX-License-Identifier: BSD-2-Clause
/* An ONNX file, as far as the importers of nn/ and dt/ need it.
 *
 * The reader trusts nothing: it bounds the file's size, the nesting and the memory that its
 * messages ask for, and the number of nodes, tensors and attributes; every name in a struct onnx
 * is printable text, and every value has one definition. Refused by name are external data,
 * sparse tensors, functions and training graphs. What a node means is the importer's business:
 * it refuses what it can't represent with onnx_node_refuse.
 *
 * Pointers in these structs belong to the struct onnx and live as long as it does. Read-only after
 * it was made, so that threads may share it. All functions return 0 or -errno (-EINVAL for a file
 * that can't be used) and then say why in `error`. */
#ifndef AFXDP_ONNX_H
#define AFXDP_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum {
    ONNX_FILE_MAX = 256 << 20, /* bytes, of a file of another kind too */
    ONNX_PRODUCER_MAX = 512,
    ONNX_NODES_MAX = 4096,    /* and as many initialisers, and metadata properties */
    ONNX_NODE_PARTS_MAX = 64, /* inputs, outputs and attributes of a node, of each */
    ONNX_RANK_MAX = 4,
};

enum onnx_type {
    ONNX_UNKNOWN, /* any that the importers can't use */
    ONNX_FLOAT,
    ONNX_DOUBLE,
    ONNX_INT64,
    ONNX_INT32,
    ONNX_UINT8, /* of tensors only */
};

/* An input or output of the graph. */
struct onnx_value {
    const char *name;
    enum onnx_type type;
    int32_t rank;                /* -1 where the file gives no shape */
    int64_t dims[ONNX_RANK_MAX]; /* -1: any, such as the batch */
};

struct onnx_node {
    const char *name;          /* "" where it has none */
    const char *op;            /* "Gemm" */
    const char *domain;        /* "" for the standard operators, "ai.onnx.ml" for trees */
    const char *const *inputs; /* names of values; "" for an optional one left out */
    size_t input_count;
    const char *const *outputs;
    size_t output_count;
    size_t index;           /* its place in the graph */
    const void *attributes; /* read them with onnx_attribute_… */
};

struct onnx {
    const char *producer;            /* of the file: "pytorch 1.13.0", "" where it doesn't say */
    const struct onnx_value *inputs; /* those that aren't initialisers */
    size_t input_count;
    const struct onnx_value *outputs;
    size_t output_count;
    /* Less Constant nodes and what computes on constants alone (Identity, Cast, Transpose, Reshape,
     * arithmetic): their outputs count as initialisers. */
    const struct onnx_node *nodes;
    size_t node_count;
    void *private;
};

/* A regular file's bytes, at most ONNX_FILE_MAX of them, with a NUL behind; free() them. -errno. */
int onnx_read_bytes(uint8_t **out, size_t *size, const char *path, struct error *error);

/* Reads an ONNX file; `*out` is untouched on failure. Free it with onnx_free. */
int onnx_read(struct onnx **out, const char *path, struct error *error);

/* The same from bytes in memory, which aren't needed any more afterwards. */
int onnx_decode(struct onnx **out, const void *bytes, size_t size, struct error *error);

void onnx_free(struct onnx *onnx); /* takes NULL */

/* A metadata_props entry such as "afxdp.code", NUL-terminated, or NULL. */
const char *onnx_metadata(const struct onnx *onnx, const char *key);

/* Whether any node has this operator, such as "TreeEnsembleClassifier". */
bool onnx_has_operator(const struct onnx *onnx, const char *domain, const char *op);

/* The one node that takes `value` as an input. NULL with `*count` 0 or above 1 where none or
 * several do. */
const struct onnx_node *onnx_consumer(const struct onnx *onnx, const char *value, size_t *count);

/* Writes "node 'NAME' (OP): ..." and returns -EINVAL. */
int onnx_node_refuse(const struct onnx_node *node, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* as in error.h */
#define onnx_node_refuse(node, error, ...) ((onnx_node_refuse)(node, error, __VA_ARGS__), -22)
#endif

/* Text of an attribute: it may hold any bytes and has no NUL behind it. */
struct onnx_text {
    size_t size;
    const char *bytes;
};

bool onnx_text_is(const struct onnx_text *text, const char *want);

/* Attributes by name. Where it is absent, the scalar keeps the value the caller put there as its
 * default, and a list is NULL with count 0; an attribute of another type is refused. */
int onnx_attribute_int(const struct onnx_node *node, const char *name, int64_t *value,
                       struct error *error);
int onnx_attribute_float(const struct onnx_node *node, const char *name, float *value,
                         struct error *error);
int onnx_attribute_text(const struct onnx_node *node, const char *name, struct onnx_text *value,
                        struct error *error);
int onnx_attribute_ints(const struct onnx_node *node, const char *name, const int64_t **values,
                        size_t *count, struct error *error);
int onnx_attribute_floats(const struct onnx_node *node, const char *name, const float **values,
                          size_t *count, struct error *error);
int onnx_attribute_texts(const struct onnx_node *node, const char *name,
                         const struct onnx_text **values, size_t *count, struct error *error);

/* Refuses a node with an attribute that isn't in the NULL-terminated list: one that an importer
 * doesn't know may change what the node computes. */
int onnx_check_attributes(const struct onnx_node *node, const char *const *known,
                          struct error *error);

/* Numbers of an initialiser or attribute, in row-major order; owned by the caller. */
struct onnx_tensor {
    enum onnx_type type;
    uint32_t rank;
    size_t dims[ONNX_RANK_MAX];
    size_t count;      /* product of dims; 1 for rank 0 */
    double *reals;     /* of ONNX_FLOAT (exactly) and ONNX_DOUBLE; all finite */
    int64_t *integers; /* of the integer types */
};

bool onnx_is_initialiser(const struct onnx *onnx, const char *name);

/* Reads the initialiser `name`, or computes it from others. -ENOENT where there is none of that
 * name: such a value depends on an input of the graph. */
int onnx_tensor_read(struct onnx_tensor **out, const struct onnx *onnx, const char *name,
                     struct error *error);

/* The same for an attribute; `*out` is NULL where it is absent. */
int onnx_attribute_tensor(const struct onnx_node *node, const char *name, struct onnx_tensor **out,
                          struct error *error);

void onnx_tensor_free(struct onnx_tensor *tensor); /* takes NULL */

#endif
