// SPDX-License-Identifier: BSD-2-Clause
/* Floors: what the machine needs for the unavoidable part alone, measured on the spot. */
#include "bench.h"
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
#endif

/* Sixteen loads and nothing that uses them: the compiler must not merge or drop any. */
static void loads(const uint32_t *memory)
{
    for (int i = 0; i < STEPS; i++) {
        for (int j = 0; j < 16; j++) {
            uint32_t value;
            __asm__ volatile("" : "=r"(value) : "0"(((const volatile uint32_t *)memory)[j * 16]));
        }
    }
}

/* The fastest of some runs: a floor is what is possible, not what is usual. */
double floor_dot_product_ns(void)
{
#if defined(__x86_64__)
    uint64_t best = UINT64_MAX;

    if (!(cpu_levels() & CPU_AVX512_VNNI))
        return 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        uint64_t start = bench_clock();

        dot_products();
        uint64_t taken = bench_clock() - start;
        best = taken < best ? taken : best;
    }
    return (double)best / (12.0 * STEPS);
#else
    return 0;
#endif
}

double floor_load_ns(void)
{
    static uint32_t memory[256];
    uint64_t best = UINT64_MAX;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        uint64_t start = bench_clock();

        loads(memory);
        uint64_t taken = bench_clock() - start;
        best = taken < best ? taken : best;
    }
    return (double)best / (16.0 * STEPS);
}
