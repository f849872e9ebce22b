// SPDX-License-Identifier: BSD-2-Clause
#include "cpu.h"

#include <stdlib.h>

static uint32_t cpu_probe(void)
{
    uint32_t levels = 0;

#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2"))
        levels |= CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd")) {
        if (__builtin_cpu_supports("avx512vnni"))
            levels |= CPU_AVX512_VNNI;
        if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
            levels |= CPU_AVX512_VBMI;
        if (__builtin_cpu_supports("avx512vpopcntdq"))
            levels |= CPU_AVX512_POPCNT;
    }
#elif defined(__aarch64__)
    levels |= CPU_NEON; /* part of the base architecture */
#endif
    return levels;
}

uint32_t cpu_levels(void)
{
    const char *mask = getenv("AFXDP_CPU_MASK");
    uint32_t levels = cpu_probe();

    return mask ? levels & (uint32_t)strtoul(mask, NULL, 0) : levels;
}
