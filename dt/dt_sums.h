// SPDX-License-Identifier: BSD-2-Clause
/* Forests in user space: rows of scores filled up to whole 16-byte vectors, and their sums. */
#ifndef AFXDP_DT_SUMS_H
#define AFXDP_DT_SUMS_H

#include "dt_model.h"

typedef int32_t dt_vector __attribute__((vector_size(16)));

enum {
    DT_VECTORS_MAX = CLASSES_MAX / 4,
    DT_VECTORS_TOGETHER = 4, /* sums that stay in registers over all trees */
    DT_TREES_TOGETHER = 64,  /* whose rows are kept until they are added up */
};

ALWAYS_INLINE uint32_t dt_vectors_per_row(const struct dt_model *model)
{
    return (model->shape.class_count + 3) / 4;
}

/* [row_count * dt_vectors_per_row], the fill 0. */
ALWAYS_INLINE void dt_vectors_fill(dt_vector *vectors, const struct dt_model *model)
{
    uint32_t class_count = model->shape.class_count;
    uint32_t per_row = dt_vectors_per_row(model);

    for (uint32_t row = 0; row < model->row_count; row++) {
        for (uint32_t i = 0; i < 4 * per_row; i++)
            vectors[(size_t)row * per_row + i / 4][i % 4] =
                i < class_count ? model->scores[(size_t)row * class_count + i] : 0;
    }
}

/* `count`, a constant, vectors of the sum of rows[0], rows[stride], rows[2 stride] … */
ALWAYS_INLINE void dt_sum_some(dt_vector *sums, const dt_vector *vectors, uint32_t per_row,
                               uint32_t count, const uint32_t *rows, uint32_t stride,
                               uint32_t tree_count)
{
    dt_vector sum[DT_VECTORS_TOGETHER];

#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++)
        sum[i] = sums[i];
    for (uint32_t t = 0; t < tree_count; t++) {
        const dt_vector *row = vectors + (size_t)rows[(size_t)t * stride] * per_row;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++)
            sum[i] += row[i];
    }
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++)
        sums[i] = sum[i];
}

/* Adds to the sums of a packet, dt_vectors_per_row vectors. */
ALWAYS_INLINE void dt_sum_rows(dt_vector *sums, const dt_vector *vectors, uint32_t per_row,
                               const uint32_t *rows, uint32_t stride, uint32_t tree_count)
{
    uint32_t done = 0;

    for (; per_row - done >= 4; done += 4)
        dt_sum_some(sums + done, vectors + done, per_row, 4, rows, stride, tree_count);
    if ((per_row - done) & 2) {
        dt_sum_some(sums + done, vectors + done, per_row, 2, rows, stride, tree_count);
        done += 2;
    }
    if (done < per_row)
        dt_sum_some(sums + done, vectors + done, per_row, 1, rows, stride, tree_count);
}

/* verdict_of_scores with conditional moves, which the compiler is free to choose here. */
ALWAYS_INLINE struct verdict dt_verdict_quick(const struct dt_shape *shape, const int32_t *score)
{
    int32_t best = score[0];
    int32_t second = INT32_MIN;
    uint32_t class_index = 0;

    for (uint32_t i = 1; i < shape->class_count; i++) {
        int32_t loser = score[i] > best ? best : score[i];

        class_index = score[i] > best ? i : class_index;
        best = score[i] > best ? score[i] : best;
        second = loser > second ? loser : second;
    }
    return (struct verdict){
        .class_index = (uint16_t)class_index,
        .confidence = confidence_of(&shape->confidence, best, second),
    };
}

#endif
