// SPDX-License-Identifier: BSD-2-Clause
/* A few packets in AVX-512 VNNI, lanes as outputs (nn_few.h). Arguments `packets`, `vectors` and
 * `inputs` are constants. Included by nn_avx512.h, behind nn_dot and nn_code_indices. */
#ifndef AFXDP_NN_AVX512FEW_H
#define AFXDP_NN_AVX512FEW_H

#include <immintrin.h>
#include <string.h>

#include "nn_few.h"
#include "nn_reference.h"
#include "nn_tiled.h"

enum {
    NN_TOGETHER = 8,   /* packets that go through a layer together: each alone mostly waits */
    NN_HALF = 4,       /* of them, where their sums would need more registers than there are */
    NN_FEW_BYTES = 64, /* of a packet's activations */
};

/* A model as nn_avx512.h wants it. */
struct nn_avx512 {
    struct nn_tiled tiled;
    struct nn_few few;
};

typedef uint8_t nn_few_row[NN_FEW_BYTES];

/* The codes of a packet's values. A gather takes twice as long as these loads one by one; whole
 * quads are stored, for they are read as such right away. */
ALWAYS_INLINE void nn_few_code(uint8_t codes[NN_FEW_BYTES], const uint8_t (*tables)[NN_CODES],
                               const uint32_t *values, uint32_t inputs)
{
    uint32_t indices[2 * NN_FEW_LANES] __attribute__((aligned(64)));

#pragma GCC unroll 2
    for (uint32_t first = 0; first < inputs; first += NN_FEW_LANES) {
        uint32_t left = inputs - first;
        __mmask16 used = (__mmask16)(left < NN_FEW_LANES ? (1u << left) - 1 : 0xffff);

        _mm512_store_si512(indices + first,
                           nn_code_indices(_mm512_maskz_loadu_epi32(used, values + first)));
    }
    __asm__("" : "+m"(indices)); /* else GCC takes each out of its vector, which is slower */
#pragma GCC unroll 8
    for (uint32_t f = 0; f < inputs; f += 4) {
        uint32_t quad = tables[f][indices[f]] | (uint32_t)tables[f + 1][indices[f + 1]] << 8 |
                        (uint32_t)tables[f + 2][indices[f + 2]] << 16 |
                        (uint32_t)tables[f + 3][indices[f + 3]] << 24;
        memcpy(codes + f, &quad, sizeof(quad));
    }
    memset(codes + inputs, 0, 4); /* the quad that makes their number even */
}

/* Adds the products of one quad. */
ALWAYS_INLINE void nn_few_dots(__m512i (*sums)[NN_FEW_VECTORS], const nn_few_row *inputs,
                               uint32_t place, const int32_t *weight, int packets, int vectors)
{
#pragma GCC unroll 8
    for (int p = 0; p < packets; p++) {
        int32_t four;

        memcpy(&four, inputs[p] + place, sizeof(four));
        __m512i quad = nn_broadcast(four);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            nn_dot(&sums[p][v], quad, _mm512_load_si512(weight + NN_FEW_LANES * v));
    }
}

/* Products of a vector come one after the other: of a single packet, those of odd quads are summed
 * apart, to wait half as long. */
ALWAYS_INLINE void nn_few_sums(__m512i (*sums)[NN_FEW_VECTORS], const nn_few_row *inputs,
                               const struct nn_few_layer *layer, int packets, int vectors)
{
    const int32_t *weight = layer->weight;
    const int next = NN_FEW_LANES * vectors;
    __m512i odd[NN_TOGETHER][NN_FEW_VECTORS];

#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        odd[0][v] = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (int p = 0; p < packets; p++)
            sums[p][v] = _mm512_load_si512(&layer->bias[NN_FEW_LANES * v]);
    }
    for (uint32_t quad = 0; quad < layer->quads; quad += 2, weight += 2 * next) {
        nn_few_dots(sums, inputs, layer->place[quad], weight, packets, vectors);
        nn_few_dots(packets == 1 ? odd : sums, inputs, layer->place[quad + 1], weight + next,
                    packets, vectors);
    }
#pragma GCC unroll 4
    for (int v = 0; v < vectors && packets == 1; v++)
        sums[0][v] = _mm512_add_epi32(sums[0][v], odd[0][v]);
}

/* As nn_requantise_tile, and left as the packs leave it. */
ALWAYS_INLINE void nn_few_hidden_of(nn_few_row *outputs, const nn_few_row *inputs,
                                    const struct nn_few_layer *layer, int packets, int vectors)
{
    __m512i sums[NN_TOGETHER][NN_FEW_VECTORS];

    nn_few_sums(sums, inputs, layer, packets, vectors);
#pragma GCC unroll 8
    for (int p = 0; p < packets; p++) {
        __m512i shifted[NN_FEW_VECTORS];

#pragma GCC unroll 4
        for (int v = 0; v < NN_FEW_VECTORS; v++)
            shifted[v] = v < vectors
                             ? _mm512_srav_epi32(sums[p][v],
                                                 _mm512_load_si512(&layer->shift[NN_FEW_LANES * v]))
                             : _mm512_setzero_si512();
        __m512i low = _mm512_packs_epi32(shifted[0], shifted[1]);
        __m512i high = _mm512_packs_epi32(shifted[2], shifted[3]);

        _mm512_store_si512(outputs[p],
                           _mm512_max_epi8(_mm512_packs_epi16(low, high), _mm512_setzero_si512()));
    }
}

ALWAYS_INLINE void nn_few_hidden(nn_few_row *outputs, const nn_few_row *inputs,
                                 const struct nn_few_layer *layer, int packets)
{
    if (layer->vectors == 1)
        nn_few_hidden_of(outputs, inputs, layer, packets, 1);
    else if (layer->vectors == 2)
        nn_few_hidden_of(outputs, inputs, layer, packets, 2);
    else
        nn_few_hidden_of(outputs, inputs, layer, packets < NN_HALF ? packets : NN_HALF, 4);
    if (layer->vectors == 4 && packets > NN_HALF)
        nn_few_hidden_of(outputs + NN_HALF, inputs + NN_HALF, layer, packets - NN_HALF, 4);
}

/* Only the leader is left out of the search for the second: where others have as much, the lead is
 * 0. */
ALWAYS_INLINE struct verdict nn_few_verdict(const __m512i *logits,
                                            const struct confidence_table *confidence, int vectors)
{
    const __m512i none = _mm512_set1_epi32(INT32_MIN);
    __m512i most = logits[0];
    uint64_t leads = 0;

#pragma GCC unroll 4
    for (int v = 1; v < vectors; v++)
        most = _mm512_max_epi32(most, logits[v]);
    int32_t best = _mm512_reduce_max_epi32(most);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++)
        leads |= (uint64_t)_mm512_cmpeq_epi32_mask(logits[v], nn_broadcast(best))
                 << (NN_FEW_LANES * v);
    uint64_t leader = leads & (0 - leads);
    most = none;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++)
        most = _mm512_mask_max_epi32(most, (__mmask16) ~(leader >> (NN_FEW_LANES * v)), most,
                                     logits[v]);
    return (struct verdict){(uint16_t)__builtin_ctzll(leads),
                            confidence_of(confidence, best, _mm512_reduce_max_epi32(most))};
}

ALWAYS_INLINE void nn_few_last_of(struct verdict *verdicts, const nn_few_row *inputs,
                                  const struct nn_few_layer *layer,
                                  const struct confidence_table *confidence, int packets,
                                  int vectors)
{
    __m512i sums[NN_TOGETHER][NN_FEW_VECTORS];

    nn_few_sums(sums, inputs, layer, packets, vectors);
#pragma GCC unroll 8
    for (int p = 0; p < packets; p++)
        verdicts[p] = nn_few_verdict(sums[p], confidence, vectors);
}

ALWAYS_INLINE void nn_few_last(struct verdict *verdicts, const nn_few_row *inputs,
                               const struct nn_few_layer *layer,
                               const struct confidence_table *confidence, int packets)
{
    if (layer->vectors == 1)
        nn_few_last_of(verdicts, inputs, layer, confidence, packets, 1);
    else if (layer->vectors == 2)
        nn_few_last_of(verdicts, inputs, layer, confidence, packets, 2);
    else
        nn_few_last_of(verdicts, inputs, layer, confidence, packets < NN_HALF ? packets : NN_HALF,
                       4);
    if (layer->vectors == 4 && packets > NN_HALF)
        nn_few_last_of(verdicts + NN_HALF, inputs + NN_HALF, layer, confidence, packets - NN_HALF,
                       4);
}

/* `count` packets, 1..packets; the others compute what the last one does. */
ALWAYS_INLINE void nn_few_together(const struct nn_avx512 *model, const uint32_t *features,
                                   size_t count, struct verdict *verdicts, uint32_t inputs,
                                   int packets)
{
    nn_few_row activations[2][NN_TOGETHER] __attribute__((aligned(64)));
    struct verdict all[NN_TOGETHER];
    const uint32_t last = model->tiled.layer_count - 1;

#pragma GCC unroll 8
    for (size_t p = 0; p < (size_t)packets; p++)
        nn_few_code(activations[0][p], model->tiled.code,
                    features + (p < count ? p : count - 1) * inputs, inputs);
    for (uint32_t l = 0; l < last; l++)
        nn_few_hidden(activations[~l & 1], activations[l & 1], &model->few.layers[l], packets);
    nn_few_last(all, activations[last & 1], &model->few.layers[last], &model->tiled.confidence,
                packets);
    for (size_t p = 0; p < (size_t)packets && p < count; p++)
        verdicts[p] = all[p];
}

ALWAYS_INLINE void nn_classify_few(const struct nn_avx512 *model, const uint32_t *features,
                                   size_t count, struct verdict *verdicts, uint32_t inputs)
{
    for (size_t left; count > 0; count -= left, features += left * inputs, verdicts += left) {
        left = count < NN_TOGETHER ? count : NN_TOGETHER;
        if (left == 1)
            nn_few_together(model, features, left, verdicts, inputs, 1);
        else if (left <= NN_HALF)
            nn_few_together(model, features, left, verdicts, inputs, NN_HALF);
        else
            nn_few_together(model, features, left, verdicts, inputs, NN_TOGETHER);
    }
}

#endif
