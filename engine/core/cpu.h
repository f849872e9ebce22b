// SPDX-License-Identifier: BSD-2-Clause
/* Which SIMD levels this CPU offers. Thread-safe; for set-up, not for every packet. */
#ifndef AFXDP_CPU_H
#define AFXDP_CPU_H

#include <stdint.h>

enum cpu_level {
    CPU_AVX2 = 1 << 0,
    CPU_AVX512_VNNI = 1 << 1, /* with AVX-512 F, BW, DQ, VL, CD */
    CPU_AVX512_VBMI = 1 << 2, /* with VBMI2 and the former's base */
    CPU_NEON = 1 << 3,
    CPU_AVX512_POPCNT = 1 << 4, /* VPOPCNTDQ, with the same base */
    CPU_ALL = 0x1f,
};

/* The offered levels, less those that AFXDP_CPU_MASK (a number, decimal or 0x…) leaves out:
 * AFXDP_CPU_MASK=0 runs the C reference everywhere. */
uint32_t cpu_levels(void);

#endif
