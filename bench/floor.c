// SPDX-License-Identifier: BSD-2-Clause
#include "floor.h"

#include <stdlib.h>

#include "cpu.h"

enum { REPEATS = 20, STEPS = 20000 };

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

/* The fastest of some runs: a floor is what is possible, not what is usual. */
static double fastest(void (*work)(void), double instructions)
{
    uint64_t best = UINT64_MAX;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        uint64_t start = bench_clock();

        work();
        uint64_t taken = bench_clock() - start;
        best = taken < best ? taken : best;
    }
    return (double)best / (instructions * STEPS);
}

void floor_costs_measure(struct floor_costs *costs)
{
    *costs = (struct floor_costs){.load = fastest(loads, 16)};
#if defined(__x86_64__)
    if (cpu_levels() & CPU_AVX512_VNNI)
        costs->dot_product = fastest(dot_products, 12);
    if (cpu_levels() & CPU_AVX512_VBMI)
        costs->permute = fastest(permutes, 12);
#endif
}

void floor_of_nn(struct bench_case *bench, const struct nn_model *model,
                 const struct floor_costs *costs)
{
    uint32_t products = 0;

    for (uint32_t l = 0; l < model->layer_count; l++)
        products += (model->layers[l].inputs + 3) / 4 * model->layers[l].outputs;
    bench->floor_ns = products / 16.0 * costs->dot_product;
    snprintf(bench->floor_from, sizeof(bench->floor_from),
             "%u four-way products, 16 to a vpdpbusd, measured at %.3f ns each", products,
             costs->dot_product);
}

void floor_of_dt_loads(struct bench_case *bench, const struct dt_model *model,
                       const struct floor_costs *costs)
{
    uint32_t steps = 0;

    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        steps += model->shape.tree[t].depth;
    bench->floor_ns = 2 * steps * costs->load;
    snprintf(bench->floor_from, sizeof(bench->floor_from),
             "packet by packet: a node and a feature loaded in each of %u steps, measured at %.3f "
             "ns a load",
             steps, costs->load);
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

void floor_of_dt_permutes(struct bench_case *bench, const struct dt_model *model,
                          const struct floor_costs *costs)
{
    uint32_t *thresholds = malloc(model->node_count * sizeof(*thresholds));
    uint32_t ranking = 0;
    uint32_t walking = 0;

    bench->floor_ns = 0;
    if (!thresholds)
        return;
    for (uint32_t feature = 0; feature < FEATURE_COUNT; feature++) {
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
    bench->floor_ns = (ranking + walking) / 64.0 * costs->permute + scores * costs->load;
    snprintf(bench->floor_from, sizeof(bench->floor_from),
             "64 packets at once: %u permutes to rank the features and %u to walk, measured at "
             "%.3f ns each, and per packet %u loads of scores to add at %.3f ns",
             ranking, walking, costs->permute, scores, costs->load);
}
