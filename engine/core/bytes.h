// SPDX-License-Identifier: BSD-2-Clause
/* Loads from packet bytes, and what every BPF-safe header needs.
 *
 * A BPF-safe header uses fixed-width integers only: no libc, no floats, no signed division,
 * and no function that isn't inlined. It compiles as C and, with -ffreestanding, as BPF. */
#ifndef AFXDP_BYTES_H
#define AFXDP_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Loads in wire order at any alignment. clang would split a memcpy into single bytes for BPF,
 * whose loads may be misaligned on the machines that run XDP (the kernel aligns IP headers). */
ALWAYS_INLINE uint32_t load_wire32(const uint8_t *p)
{
#ifdef __bpf__
    return *(const uint32_t *)p;
#else
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof(value));
    return value;
#endif
}

ALWAYS_INLINE uint64_t load_wire64(const uint8_t *p)
{
#ifdef __bpf__
    return *(const uint64_t *)p;
#else
    uint64_t value;
    __builtin_memcpy(&value, p, sizeof(value));
    return value;
#endif
}

/* Forgets what the compiler knows of a value. In BPF this keeps clang from turning the
 * branch-free arithmetic behind it back into branches that the verifier has to walk. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

/* An index into an array of `limit` elements: `value`, or `otherwise` where it is beyond. Compared
 * and used in one 64-bit register, because verifiers before kernel 6.3 learn nothing of a register
 * from a comparison of its copy or of its lower half. */
ALWAYS_INLINE uint64_t index_below(uint64_t value, uint64_t limit, uint64_t otherwise)
{
    OPAQUE(value);
    if (value >= limit)
        value = otherwise;
    OPAQUE(value);
    return value;
}

#endif
