// SPDX-License-Identifier: BSD-2-Clause
/* What a graph does to each column of a value by itself: scalers, batch normalisation, arithmetic
 * with constants, logarithms. Each step is monotone in its column. */
#ifndef AFXDP_ONNX_STEP_H
#define AFXDP_ONNX_STEP_H

#include "onnx.h"

enum {
    ONNX_COLUMNS_MAX = 64,
    ONNX_STEPS_MAX = 16,
};

enum onnx_step_kind {
    ONNX_STEP_ROUND, /* to float32 */
    ONNX_STEP_ADD,
    ONNX_STEP_SUBTRACT,      /* x - a */
    ONNX_STEP_SUBTRACT_FROM, /* a - x */
    ONNX_STEP_MULTIPLY,
    ONNX_STEP_DIVIDE, /* x / a */
    ONNX_STEP_AFFINE, /* x * a + b, in whatever order the runtime takes */
    ONNX_STEP_CLIP,   /* to a..b */
    ONNX_STEP_LOG,
    ONNX_STEP_SQRT,
};

struct onnx_step {
    enum onnx_step_kind kind;
    bool single; /* computed in float32 */
    double a[ONNX_COLUMNS_MAX];
    double b[ONNX_COLUMNS_MAX];
};

struct onnx_steps {
    bool single; /* what the last step gives is float32 */
    size_t count;
    struct onnx_step step[ONNX_STEPS_MAX];
};

/* Takes `node` as further steps of `value`, which has `columns` columns. 1 where it is one of
 * these, 0 where it is another operator, -EINVAL where it can't be represented. Identity, Dropout
 * and what doesn't change the shape [N, columns] take no step. */
int onnx_steps_take(struct onnx_steps *steps, const struct onnx *onnx, const struct onnx_node *node,
                    const char *value, uint32_t columns, struct error *error);

/* All steps on a column's value. */
double onnx_steps_apply(const struct onnx_steps *steps, uint32_t column, double x);

/* As factor and offset of a column; false where a step isn't affine. */
bool onnx_steps_affine(const struct onnx_steps *steps, uint32_t column, double *factor,
                       double *offset);

/* Whether a float runtime computes every step to the last bit as onnx_steps_apply does. */
bool onnx_steps_exact(const struct onnx_steps *steps);

/* Reads the constant `name` of a node as one number for each column: a vector, a row or a single
 * number. `what` names it in messages ("bias"). */
int onnx_columns_read(double *out, const struct onnx *onnx, const struct onnx_node *node,
                      const char *name, const char *what, uint32_t columns, struct error *error);

#endif
