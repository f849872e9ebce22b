// SPDX-License-Identifier: BSD-2-Clause
/* A pair of words of the host memory in a vector (x86-64 with AVX). */
#ifndef AFXDP_HOST_PASS_PAIR_H
#define AFXDP_HOST_PASS_PAIR_H

#include <immintrin.h>

#include "host_word.h"

/* CPUs with AVX read 16 aligned bytes at once: no word is seen half changed. */
ALWAYS_INLINE __m128i load_pair(const uint64_t words[2])
{
#ifdef __SANITIZE_THREAD__
    return _mm_set_epi64x((long long)host_word_load(&words[1]),
                          (long long)host_word_load(&words[0]));
#else
    return _mm_load_si128((const __m128i *)(const void *)words);
#endif
}

#endif
