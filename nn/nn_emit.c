// SPDX-License-Identifier: BSD-2-Clause
#include "nn_emit.h"

#include <errno.h>
#include <string.h>

#include "nn_emit_code.h"
#include "nn_pack.h"
#include "nn_reference.h"
#include "path_abi.h"

/* Registers. Sums are in 0 to 5. */
enum {
    SUMS = 6,
    WORK = 6,  /* struct path_work */
    TABLE = 7, /* struct nn_tables */
    TEMPORARY = 8,
    INPUT = 9,

    OUTPUT_SUMS = 3, /* of the last layer, where three more registers are taken */
    BEST = 3,
    SECOND = 4,
    SPARE = 5,

    CLASS_BITS = 6, /* below a score: 63 - its class, so that the greater of two also wins a tie */
    LANES_MAX = 16,
};

struct lane {
    uint32_t output;
    uint32_t at;    /* its lowest bit */
    uint32_t width; /* bits */
    uint32_t shift; /* of the output */
    int64_t offset; /* added to the sum to keep the lane from going below zero: a multiple of
                       2^shift, so that it can be taken away after the shift */
};

struct word {
    uint32_t lanes;
    uint32_t bits;
    struct lane lane[LANES_MAX];
};

/* A layer's outputs in words. */
struct plan {
    const struct nn_layer *layer;
    const uint8_t *most; /* largest value of each input */
    uint32_t words;
    struct word word[NN_WIDTH_MAX];
};

static uint32_t bits_of(uint64_t value)
{
    return value ? 64 - (uint32_t)__builtin_clzll(value) : 1;
}

/* Into the first word that has room: wide and narrow lanes then share. */
static void plan_lane(struct plan *plan, struct lane lane)
{
    struct word *word = plan->word;

    while (word->lanes == LANES_MAX || word->bits + lane.width > 64)
        word++;
    if (word->lanes == 0)
        plan->words++;
    lane.at = word->bits;
    word->bits += lane.width;
    word->lane[word->lanes++] = lane;
}

/* Weights of input `i` in a word, or with i = inputs the word's start. */
static uint64_t word_weight(const struct plan *plan, const struct word *word, uint32_t i)
{
    uint64_t sum = 0;

    for (uint32_t k = 0; k < word->lanes; k++) {
        const struct lane *lane = &word->lane[k];

        sum += (uint64_t)(int64_t)plan->layer->weight[lane->output][i] << lane->at;
    }
    return sum;
}

static uint64_t word_start(const struct plan *plan, const struct word *word)
{
    uint64_t sum = 0;

    for (uint32_t k = 0; k < word->lanes; k++) {
        const struct lane *lane = &word->lane[k];

        sum += (uint64_t)(plan->layer->bias[lane->output] + lane->offset) << lane->at;
    }
    return sum;
}

/* Sums of `count` words from `first` on, in registers 0 to count - 1. */
static void emit_sums(struct nn_insns *out, const struct plan *plan, uint32_t first, uint32_t count,
                      size_t row)
{
    for (uint32_t w = 0; w < count; w++)
        insn_constant(out, w, word_start(plan, &plan->word[first + w]));
    for (uint32_t i = 0; i < plan->layer->inputs; i++) {
        bool loaded = false;

        for (uint32_t w = 0; w < count && plan->most[i] > 0; w++) {
            uint64_t weight = word_weight(plan, &plan->word[first + w], i);

            if (weight == 0)
                continue;
            if (!loaded)
                insn_load(out, BPF_B, INPUT, WORK, row + i);
            loaded = true;
            insn_constant(out, TEMPORARY, weight);
            insn_register(out, BPF_MUL, TEMPORARY, INPUT);
            insn_register(out, BPF_ADD, w, TEMPORARY);
        }
    }
}

/* TEMPORARY = what stands in a lane, less its lowest `shift` bits. */
static void emit_lane(struct nn_insns *out, const struct lane *lane, uint32_t sum, uint32_t shift)
{
    uint32_t above = 64 - lane->at - lane->width;

    insn_register(out, BPF_MOV, TEMPORARY, sum);
    if (above > 0 && lane->width - shift > 31) { /* more bits than an AND has */
        insn_value(out, BPF_LSH, TEMPORARY, above);
        insn_value(out, BPF_RSH, TEMPORARY, above + lane->at + shift);
        return;
    }
    if (lane->at + shift > 0)
        insn_value(out, BPF_RSH, TEMPORARY, lane->at + shift);
    if (above > 0)
        insn_value(out, BPF_AND, TEMPORARY, (INT64_C(1) << (lane->width - shift)) - 1);
}

/* Shift, clamp and store one output. The clamp is a look-up where the lane is narrow enough. */
static void emit_activation(struct nn_insns *out, const struct lane *lane, uint32_t sum, size_t row)
{
    uint32_t bits = lane->width - lane->shift;
    int64_t zero = lane->offset >> lane->shift;

    emit_lane(out, lane, sum, lane->shift);
    if (zero <= NN_CLAMP_BELOW && bits < 31 && (INT64_C(1) << bits) - zero <= NN_CLAMP_ABOVE) {
        insn_register(out, BPF_ADD, TEMPORARY, TABLE);
        insn_load(out, BPF_B, TEMPORARY, TEMPORARY,
                  offsetof(struct nn_tables, clamp) + NN_CLAMP_BELOW - (size_t)zero);
    } else {
        insn_constant(out, INPUT, (uint64_t)zero);
        insn_register(out, BPF_SUB, TEMPORARY, INPUT);
        insn_register(out, BPF_MOV, INPUT, TEMPORARY); /* max(value, 0) */
        insn_value(out, BPF_ARSH, INPUT, 63);
        insn_value(out, BPF_XOR, INPUT, -1);
        insn_register(out, BPF_AND, TEMPORARY, INPUT);
        insn_value(out, BPF_MOV, INPUT, NN_ACTIVATION_MAX); /* min(value, 127) */
        insn_register(out, BPF_SUB, INPUT, TEMPORARY);
        insn_value(out, BPF_ARSH, INPUT, 63);
        insn_register(out, BPF_OR, TEMPORARY, INPUT);
        insn_value(out, BPF_AND, TEMPORARY, NN_ACTIVATION_MAX);
    }
    insn_store(out, BPF_B, WORK, row + lane->output, TEMPORARY);
}

static uint8_t clamp(int64_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > NN_ACTIVATION_MAX ? NN_ACTIVATION_MAX : value);
}

static size_t row_of(uint32_t layer)
{
    return offsetof(struct path_work, scratch) + (layer & 1) * NN_ROW;
}

/* Plans the outputs of a hidden layer and tells the largest value of each. One that is always the
 * same is stored, or, when that is 0, left out altogether. */
static void plan_hidden(struct nn_insns *out, struct plan *plan, uint8_t most[NN_WIDTH_MAX],
                        size_t row)
{
    for (uint32_t o = 0; o < plan->layer->outputs; o++) {
        struct nn_bounds bounds = nn_bounds_of(plan->layer, o, plan->most);
        uint32_t shift = plan->layer->shift[o];
        uint8_t least = clamp(bounds.low >> shift);

        most[o] = clamp(bounds.high >> shift);
        if (least == most[o]) {
            if (most[o] > 0)
                insn(out, BPF_ST | BPF_MEM | BPF_B, WORK, 0, (int)(row + o), most[o]);
            continue;
        }
        int64_t offset =
            bounds.low < 0 ? (-bounds.low + (INT64_C(1) << shift) - 1) >> shift << shift : 0;
        plan_lane(plan, (struct lane){.output = o,
                                      .width = bits_of((uint64_t)(bounds.high + offset)),
                                      .shift = shift,
                                      .offset = offset});
    }
}

static void emit_hidden(struct nn_insns *out, const struct nn_layer *layer, uint32_t l,
                        uint8_t most[NN_WIDTH_MAX])
{
    struct plan plan = {.layer = layer, .most = most};
    uint8_t next[NN_WIDTH_MAX] = {0};

    plan_hidden(out, &plan, next, row_of(l + 1));
    uint32_t passes = (plan.words + SUMS - 1) / SUMS;
    for (uint32_t pass = 0, first = 0; pass < passes; pass++) {
        uint32_t count = (plan.words - first + passes - pass - 1) / (passes - pass);

        emit_sums(out, &plan, first, count, row_of(l));
        for (uint32_t w = 0; w < count; w++) {
            const struct word *word = &plan.word[first + w];

            for (uint32_t k = 0; k < word->lanes; k++)
                emit_activation(out, &word->lane[k], w, row_of(l + 1));
        }
        first += count;
    }
    memcpy(most, next, sizeof(next));
}

/* Swaps a and b where b is greater, without a branch; uses INPUT and SPARE. */
static void emit_order(struct nn_insns *out, uint32_t a, uint32_t b)
{
    insn_register(out, BPF_MOV, INPUT, a);
    insn_register(out, BPF_SUB, INPUT, b);
    insn_value(out, BPF_ARSH, INPUT, 63);
    insn_register(out, BPF_MOV, SPARE, a);
    insn_register(out, BPF_XOR, SPARE, b);
    insn_register(out, BPF_AND, SPARE, INPUT);
    insn_register(out, BPF_XOR, a, SPARE);
    insn_register(out, BPF_XOR, b, SPARE);
}

static void emit_verdict(struct nn_insns *out, const struct nn_model *model)
{
    const size_t verdict = offsetof(struct path_work, verdict);

    insn_register(out, BPF_MOV, TEMPORARY, BEST);
    insn_value(out, BPF_AND, TEMPORARY, (1 << CLASS_BITS) - 1);
    insn_value(out, BPF_XOR, TEMPORARY, (1 << CLASS_BITS) - 1);
    insn_store(out, BPF_H, WORK, verdict + offsetof(struct verdict, class_index), TEMPORARY);

    insn_value(out, BPF_RSH, BEST, CLASS_BITS);
    insn_value(out, BPF_RSH, SECOND, CLASS_BITS);
    insn_register(out, BPF_SUB, BEST, SECOND);
    insn_value(out, BPF_RSH, BEST, model->confidence.shift);
    insn_value(out, BPF_MOV, TEMPORARY, CONFIDENCE_STEPS - 1); /* min(margin, 255) */
    insn_register(out, BPF_SUB, TEMPORARY, BEST);
    insn_value(out, BPF_ARSH, TEMPORARY, 63);
    insn_register(out, BPF_OR, BEST, TEMPORARY);
    insn_value(out, BPF_AND, BEST, CONFIDENCE_STEPS - 1);
    insn_value(out, BPF_LSH, BEST, 1);
    insn_register(out, BPF_ADD, BEST, TABLE);
    insn_load(out, BPF_H, BEST, BEST, offsetof(struct nn_tables, confidence));
    insn_store(out, BPF_H, WORK, verdict + offsetof(struct verdict, confidence), BEST);
}

/* The last layer's sums are the logits. They get one common offset, which leaves their order and
 * distances. */
static void emit_output(struct nn_insns *out, const struct nn_model *model,
                        const struct nn_layer *layer, uint32_t l, const uint8_t *most)
{
    struct plan plan = {.layer = layer, .most = most};
    struct nn_bounds bounds[NN_WIDTH_MAX];
    int64_t offset = 0;

    for (uint32_t o = 0; o < layer->outputs; o++) {
        bounds[o] = nn_bounds_of(layer, o, most);
        if (-bounds[o].low > offset)
            offset = -bounds[o].low;
    }
    for (uint32_t o = 0; o < layer->outputs; o++)
        plan_lane(&plan, (struct lane){.output = o,
                                       .width = bits_of((uint64_t)(bounds[o].high + offset)),
                                       .offset = offset});
    insn_value(out, BPF_MOV, BEST, 0);
    insn_value(out, BPF_MOV, SECOND, 0);
    for (uint32_t first = 0; first < plan.words; first += OUTPUT_SUMS) {
        uint32_t count = plan.words - first < OUTPUT_SUMS ? plan.words - first : OUTPUT_SUMS;

        emit_sums(out, &plan, first, count, row_of(l));
        for (uint32_t w = 0; w < count; w++) {
            const struct word *word = &plan.word[first + w];

            for (uint32_t k = 0; k < word->lanes; k++) {
                emit_lane(out, &word->lane[k], w, 0);
                insn_value(out, BPF_LSH, TEMPORARY, CLASS_BITS);
                insn_value(out, BPF_OR, TEMPORARY,
                           (1 << CLASS_BITS) - 1 - (int64_t)word->lane[k].output);
                emit_order(out, BEST, TEMPORARY);
                emit_order(out, SECOND, TEMPORARY);
            }
        }
    }
    emit_verdict(out, model);
}

int nn_emit(struct nn_code_buffer *out, const struct nn_model *model, int tables, int stack)
{
    struct nn_insns code = {0};
    uint8_t most[NN_WIDTH_MAX] = {0};
    uint32_t last = model->layer_count - 1;

    for (uint32_t r = 6; r < 10; r++)
        insn(&code, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, r, stack + 8 * ((int)r - 6), 0);
    insn_register(&code, BPF_MOV, WORK, BPF_REG_1);
    insn_map_value(&code, TABLE, tables);
    for (uint32_t f = 0; f < nn_inputs(model); f++) {
        nn_emit_code(&code, f, WORK, TABLE, row_of(0) + f);
        most[f] = model->code[f][NN_CODES - 1];
    }
    for (uint32_t l = 0; l < last; l++)
        emit_hidden(&code, &model->layers[l], l, most);
    emit_output(&code, model, &model->layers[last], last, most);
    for (uint32_t r = 6; r < 10; r++)
        insn(&code, BPF_LDX | BPF_MEM | BPF_DW, r, BPF_REG_10, stack + 8 * ((int)r - 6), 0);
    if (code.failed) {
        free(code.at);
        return -ENOMEM;
    }
    *out = (struct nn_code_buffer){code.at, code.count};
    return 0;
}

void nn_tables_fill(struct nn_tables *tables, const struct nn_model *model)
{
    memcpy(tables->code, model->code, sizeof(tables->code));
    for (uint32_t i = 0; i < NN_WINDOW; i++)
        tables->index[i] = (uint8_t)nn_code_index(i);
    memcpy(tables->confidence, model->confidence.step, sizeof(tables->confidence));
    for (int i = 0; i < NN_CLAMP_BELOW + NN_CLAMP_ABOVE; i++)
        tables->clamp[i] = clamp(i - NN_CLAMP_BELOW);
}
