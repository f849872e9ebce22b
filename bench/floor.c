// SPDX-License-Identifier: BSD-2-Clause
#include "floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

enum { STEPS = 40000 }; /* about 0.1 ms */

#if defined(__x86_64__)
/* Twelve accumulators: enough to cover the instruction's latency at any issue rate of today. */
__attribute__((target("avx512f,avx512vnni"))) static void dot_products(void)
{
    for (int i = 0; i < STEPS; i++)
        __asm__ volatile("vpdpbusd %%zmm31, %%zmm30, %%zmm0\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm1\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm2\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm3\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm4\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm5\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm6\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm7\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm8\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm9\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm10\n\t"
                         "vpdpbusd %%zmm31, %%zmm30, %%zmm11" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                               "xmm8", "xmm9", "xmm10", "xmm11");
}

/* vpermb writes what it doesn't read. */
__attribute__((target("avx512f,avx512vbmi"))) static void permutes(void)
{
    for (int i = 0; i < STEPS; i++)
        __asm__ volatile("vpermb %%zmm31, %%zmm30, %%zmm0\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm1\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm2\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm3\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm4\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm5\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm6\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm7\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm8\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm9\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm10\n\t"
                         "vpermb %%zmm31, %%zmm30, %%zmm11" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                               "xmm8", "xmm9", "xmm10", "xmm11");
}
#else
static void dot_products(void)
{
}

static void permutes(void)
{
}
#endif

/* Sixteen loads and nothing that uses them: the compiler must not merge or drop any. */
static void loads(void)
{
    static const uint32_t memory[256];

    for (int i = 0; i < STEPS; i++) {
        for (int j = 0; j < 16; j++) {
            uint32_t value;
            __asm__ volatile("" : "=r"(value) : "0"(((const volatile uint32_t *)memory)[j * 16]));
        }
    }
}

static uint64_t run_dot_products(void *context)
{
    (void)context;
    dot_products();
    return UINT64_C(12) * STEPS;
}

static uint64_t run_permutes(void *context)
{
    (void)context;
    permutes();
    return UINT64_C(12) * STEPS;
}

static uint64_t run_loads(void *context)
{
    (void)context;
    loads();
    return UINT64_C(16) * STEPS;
}

static double nothing(void *context)
{
    (void)context;
    return 0;
}

void floor_cases(struct bench_case cases[FLOOR_PARTS])
{
    memset(cases, 0, FLOOR_PARTS * sizeof(*cases));
    cases[FLOOR_DOT_PRODUCT].run = run_dot_products;
    if (!(cpu_levels() & CPU_AVX512_VNNI))
        cases[FLOOR_DOT_PRODUCT].time = nothing;
    cases[FLOOR_PERMUTE].run = run_permutes;
    if (!(cpu_levels() & CPU_AVX512_VBMI))
        cases[FLOOR_PERMUTE].time = nothing;
    cases[FLOOR_LOAD].run = run_loads;
}

void floor_apply(struct bench_case *bench, const struct floor *floor,
                 const struct bench_case cases[FLOOR_PARTS])
{
    static const char *const names[FLOOR_PARTS] = {"vpdpbusd", "vpermb", "load"};
    size_t length;

    bench->floor_ns = 0;
    snprintf(bench->floor_from, sizeof(bench->floor_from), "%s", floor->from);
    for (int part = 0; part < FLOOR_PARTS; part++) {
        if (floor->count[part] <= 0)
            continue;
        length = strlen(bench->floor_from);
        snprintf(bench->floor_from + length, sizeof(bench->floor_from) - length,
                 "; a %s took %.3f ns", names[part], cases[part].ns);
        if (cases[part].ns <= 0) {
            bench->floor_ns = 0;
            return;
        }
        bench->floor_ns += floor->count[part] * cases[part].ns;
    }
}

void floor_of_nn(struct floor *floor, const struct nn_model *model)
{
    uint32_t products = 0;

    for (uint32_t l = 0; l < model->layer_count; l++)
        products += (model->layers[l].inputs + 3) / 4 * model->layers[l].outputs;
    *floor = (struct floor){.count = {[FLOOR_DOT_PRODUCT] = products / 16.0}};
    snprintf(floor->from, sizeof(floor->from), "%u four-way products, 16 to a vpdpbusd", products);
}

void floor_of_dt_loads(struct floor *floor, const struct dt_model *model)
{
    uint32_t steps = 0;

    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        steps += model->shape.tree[t].depth;
    *floor = (struct floor){.count = {[FLOOR_LOAD] = 2.0 * steps}};
    snprintf(floor->from, sizeof(floor->from),
             "packet by packet: a node and a feature loaded in each of %u steps", steps);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* What 64 packets need to know how many of a feature's `count` thresholds are below their values:
 * a table of 256 bytes in two permutes, or a step of a binary search per doubling for as many
 * vectors as 64 values of the thresholds' width fill. Sorts. */
static uint32_t rank_permutes(uint32_t *thresholds, uint32_t count)
{
    uint32_t different = 0;
    uint32_t steps = 0;

    if (count == 0)
        return 0;
    qsort(thresholds, count, sizeof(*thresholds), ascending);
    for (uint32_t i = 0; i < count; i++)
        different += i == 0 || thresholds[i] != thresholds[i - 1];
    if (thresholds[count - 1] < UINT8_MAX)
        return 2;
    while (different >> steps)
        steps++;
    return steps * (thresholds[count - 1] < UINT16_MAX ? 2 : 4);
}

/* The tables of 64 packets' way through a complete tree, two of a level: threshold and feature.
 * Up to four nodes are chosen from without looking up; 128 bytes at a time are permuted. */
static uint32_t walk_permutes(uint32_t depth)
{
    uint32_t permutes = 0;

    for (uint32_t level = 3; level < depth; level++)
        permutes += 2 * ((1u << level) + 127) / 128;
    return permutes + ((1u << depth) + 127) / 128;
}

int floor_of_dt_permutes(struct floor *floor, const struct dt_model *model)
{
    uint32_t *thresholds = malloc(model->node_count * sizeof(*thresholds));
    uint32_t ranking = 0;
    uint32_t walking = 0;

    if (!thresholds)
        return -ENOMEM;
    for (uint32_t feature = 0; feature < FEATURES_MAX; feature++) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < model->node_count; i++) {
            if (dt_node_value(&model->nodes[i]) == feature)
                thresholds[count++] = model->nodes[i].threshold;
        }
        ranking += rank_permutes(thresholds, count);
    }
    free(thresholds);
    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        walking += walk_permutes(model->shape.tree[t].depth);
    uint32_t scores = model->shape.tree_count > 1
                          ? model->shape.tree_count * ((model->shape.class_count + 3) / 4)
                          : 0;
    *floor = (struct floor){
        .count = {[FLOOR_PERMUTE] = (ranking + walking) / 64.0, [FLOOR_LOAD] = scores}};
    snprintf(floor->from, sizeof(floor->from),
             "64 packets at once: %u permutes to rank the features and %u to walk, and for each "
             "packet %u loads of scores to add",
             ranking, walking, scores);
    return 0;
}
