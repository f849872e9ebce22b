// SPDX-License-Identifier: BSD-2-Clause
/* A network as the in-kernel programs want it (BPF-safe); nn_pack makes it from struct nn_model.
 *
 * A 64-bit word holds the weights of three outputs, in lanes of 21 bits, so that one multiplication
 * by an activation does the work of three. Lanes are two's complement and borrow from each other;
 * the word's start value adds 2^20 to every lane but the top one, which keeps lower lanes from
 * going below zero, and `flip` takes it away again. A layer with a sum that could leave 21 bits
 * goes two lanes of 32 bits to a word. */
#ifndef AFXDP_NN_KERNEL_ABI_H
#define AFXDP_NN_KERNEL_ABI_H

#include "nn_model.h"

enum {
    NN_LANES = 3,
    NN_LANE_BITS = 21,
    NN_WIDE_BITS = 32,    /* of a lane where two share a word */
    NN_WORDS_MAX = 32,    /* of a layer: 64 outputs, two to a word */
    NN_WORDS_STEP = 4,    /* words summed at once: layers are padded to a multiple of it */
    NN_INPUTS_STEP = 4,   /* inputs taken at once: likewise */
    NN_WINDOW = 1 << 12,  /* entries of the index table, see nn_window_index */
    NN_CODE_STRIDE = 512, /* NN_CODES, padded to a power of two */
    NN_ROW = 128,         /* activations of a layer, in path_work.scratch */
    NN_ROW_DUMP = 127,    /* where lanes go that hold no output */
};

/* An output: where it stands in its word, and where it goes. */
struct nn_lane {
    uint8_t left;  /* shift that brings its sign to bit 63 */
    uint8_t right; /* then the arithmetic shift that requantises it */
    uint8_t to;    /* place among the next layer's inputs */
    uint8_t zero;
};

struct nn_packed_layer {
    uint32_t inputs; /* padded with zero weights */
    uint32_t words;  /* padded likewise */
    uint64_t flip;
    uint64_t start[NN_WORDS_MAX]; /* biases */
    struct nn_lane lane[NN_WORDS_MAX][NN_LANES];
    uint64_t weight[NN_WORDS_MAX / NN_WORDS_STEP][NN_WIDTH_MAX][NN_WORDS_STEP]; /* as read */
};

struct nn_packed {
    uint32_t layer_count;
    uint32_t class_count;
    struct confidence_table confidence;
    uint32_t inputs;
    uint8_t index[NN_WINDOW]; /* nn_code_index of its own place */
    uint8_t code[NN_INPUTS_MAX][NN_CODE_STRIDE];
    struct nn_packed_layer layer[NN_LAYERS_MAX];
};

_Static_assert(sizeof(struct nn_packed) % 8 == 0, "the value of a BPF map");

enum {
    NN_CLAMP_BELOW = 4096, /* entries of nn_tables.clamp for sums below 0 */
    NN_CLAMP_ABOVE = 8192, /* and from 0 on */
};

/* What generated inference looks up; the one element of an array map. */
struct nn_tables {
    uint8_t code[NN_INPUTS_MAX][NN_CODES];
    uint8_t index[NN_WINDOW]; /* also keeps the look-ups of the last code inside the value */
    uint16_t confidence[CONFIDENCE_STEPS];
    uint8_t clamp[NN_CLAMP_BELOW + NN_CLAMP_ABOVE]; /* of its place - NN_CLAMP_BELOW, to 0..127 */
};

/* Slots of the tail calls. */
enum nn_step { NN_STEP_LAYER, NN_STEP_OUTPUT, NN_STEPS };

/* The program whose call of nn_generated is replaced at load. */
#define NN_SPLICED_SECTION "afxdp_nn_spliced"

/* 1 where a > b. Opaque, since clang would make a branch of it. */
ALWAYS_INLINE uint32_t nn_above(uint64_t a, uint64_t b)
{
    uint64_t difference = b - a;

    OPAQUE(difference);
    return (uint32_t)(difference >> 63);
}

/* nn_code_index without a logarithm, for which BPF has no instruction: the index grows by 16 with
 * every doubling, so a value is shifted by whole bytes into the window of a 4,096-entry table. */
ALWAYS_INLINE uint32_t nn_window_index(const uint8_t index[NN_WINDOW], uint32_t value)
{
    uint32_t bytes = nn_above(value, 0xfff) + nn_above(value, 0xfffff) + nn_above(value, 0xfffffff);

    OPAQUE(bytes);
    return index[(value >> ((8 * bytes) & 31)) & (NN_WINDOW - 1)] + 16 * 8 * (bytes & 3);
}

#endif
