// SPDX-License-Identifier: BSD-2-Clause
/* Reads a packet's hosts in vectors: its four maps in one, the counters of initiator, responder and
 * pair in another, a pair of words (struct host_value, both windows') in each of four lanes. */
#include <immintrin.h>

#include "cpu.h"
#include "host_features.h"
#include "host_pass_pair.h"
#include "host_pass_update.h"

/* Lanes of the counters. Dwords of a vector are 4 × lane + place. */
enum { INITIATOR = 0, RESPONDER = 4, REFUSALS = 8, PAIR = 12 };
/* Lanes of the maps. */
enum { PEERS = 16, PORTS = 20, SOURCES = 24, PAIR_PORTS = 28 };

ALWAYS_INLINE __m512i load_pairs(const uint64_t a[2], const uint64_t b[2], const uint64_t c[2],
                                 const uint64_t d[2])
{
    __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(load_pair(a)), load_pair(b), 1);
    __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load_pair(c)), load_pair(d), 1);

    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* The tags that words of even and odd windows have for a reader in `window`. */
ALWAYS_INLINE __m512i tags_at(uint32_t window)
{
    const __m512i parity = _mm512_broadcast_i64x2(_mm_set_epi64x(1, 0));
    __m512i windows = _mm512_sub_epi64(_mm512_set1_epi64(window), parity);

    return _mm512_slli_epi64(_mm512_srli_epi64(windows, 1), HOST_TAG_SHIFT);
}

/* host_word_value of eight words. */
ALWAYS_INLINE __m512i values_of(__m512i words, __m512i tags)
{
    __mmask8 counts = _mm512_cmplt_epu64_mask(
        _mm512_sub_epi64(words, tags), _mm512_set1_epi64(INT64_C(1) << (HOST_TAG_SHIFT + 1)));

    return _mm512_maskz_and_epi64(counts, words, _mm512_set1_epi64((int64_t)HOST_VALUE_MASK));
}

/* Both words of each lane, in either place. */
ALWAYS_INLINE __m512i swapped(__m512i pairs)
{
    return _mm512_shuffle_epi32(pairs, _MM_PERM_BADC);
}

/* host_count of the counters in even or in odd halves of dwords. */
ALWAYS_INLINE __m512i counts_of(__m512i values)
{
    __m512i halves = _mm512_and_si512(values, _mm512_set1_epi64(0x0000ffff0000ffff));

    return _mm512_add_epi32(halves, swapped(halves));
}

/* host_share of two parts. */
ALWAYS_INLINE __m128i shares_of(__m128i parts, __m128i begun)
{
    __m128i all = _mm_min_epu32(parts, begun); /* of 0, 0 */
    __m128i scaled = _mm_sub_epi32(_mm_slli_epi32(all, 8), all);
    __m128d of = _mm_cvtepi32_pd(_mm_max_epu32(begun, _mm_set1_epi32(1)));

    /* Exact: below 2^25 by below 2^18 is never nearer to the next integer than a double tells. */
    return _mm_cvttpd_epi32(_mm_div_pd(_mm_cvtepi32_pd(scaled), of));
}

/* host_read_row, a feature in each dword from the first on. */
ALWAYS_INLINE __m512i read_row(const struct host_cells *cells, __m512i tags)
{
    const struct host_initiator *initiator = cells->initiator;
    const struct host_responder *responder = cells->responder;
    __m512i counters = values_of(
        load_pairs(initiator->flows, responder->flows, responder->refusals, cells->pair->flows),
        tags);
    __m512i maps = values_of(
        load_pairs(initiator->peers, initiator->ports, responder->sources, cells->pair->ports),
        tags);
    __m512i service = values_of(_mm512_zextsi128_si512(load_pair(cells->service->flows)), tags);
    __m512i distinct = _mm512_popcnt_epi64(_mm512_or_si512(maps, swapped(maps)));

    __m512i outer = counts_of(counters); /* the first and third of each lane */
    __m512i middle = counts_of(_mm512_srli_epi64(counters, 16));
    __m512i begun = _mm512_shuffle_epi32(outer, _MM_PERM_AAAA);
    /* Completed and answered. */
    __m512i said = _mm512_unpacklo_epi32(_mm512_shuffle_epi32(outer, _MM_PERM_BBBB), middle);
    __m512i failed = _mm512_max_epi32(_mm512_sub_epi32(begun, said), _mm512_setzero_si512());

    __m512i service_counts = counts_of(service);
    __m128i service_outer = _mm512_castsi512_si128(service_counts);
    __m128i service_failed = _mm_max_epi32(
        _mm_sub_epi32(service_outer, _mm_shuffle_epi32(service_outer, 1)), _mm_setzero_si128());

    const __m512i of_shares = _mm512_castsi128_si512(_mm_setr_epi32(INITIATOR, RESPONDER, 0, 0));
    const __m512i parts_of = _mm512_castsi128_si512(_mm_setr_epi32(INITIATOR, 16 + REFUSALS, 0, 0));
    __m128i shares =
        shares_of(_mm512_castsi512_si128(_mm512_permutex2var_epi32(failed, parts_of, middle)),
                  _mm512_castsi512_si128(_mm512_permutexvar_epi32(of_shares, begun)));

    const __m512i order =
        _mm512_setr_epi32(INITIATOR, 0, INITIATOR + 1, PEERS, PORTS, PAIR, PAIR_PORTS, RESPONDER,
                          SOURCES, 0, REFUSALS, 0, 0, 0, 0, 0);
    const __m512i rest = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0);
    __m512i features =
        _mm512_permutex2var_epi32(_mm512_mask_blend_epi32(0xff00, failed, outer), order, distinct);
    return _mm512_mask_permutexvar_epi32(
        features, 1 << 1 | 1 << 9 | 1 << 11, rest,
        _mm512_castsi128_si512(_mm_unpacklo_epi64(shares, service_failed)));
}

ALWAYS_INLINE void read_hosts(const struct host_rows *rows, uint32_t window, uint32_t *features)
{
    uint32_t *first = features + HOST_FEATURE_FIRST;
    __m512i tags = tags_at(window);
    __m512i read = read_row(&rows->cells[0], tags);

    if (rows->count > 1)
        read = _mm512_min_epu32(read, read_row(&rows->cells[1], tags));
    _mm256_storeu_si256((__m256i *)(void *)first, _mm512_castsi512_si256(read));
    _mm_storeu_si128((__m128i *)(void *)(first + 8), _mm512_extracti32x4_epi32(read, 2));
}

HOST_PASS(host_pass_avx512, "avx512", CPU_AVX512_POPCNT);
