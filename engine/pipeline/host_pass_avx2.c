// SPDX-License-Identifier: BSD-2-Clause
/* Reads a packet's hosts in vectors, a pair of words (struct host_value: both windows') in each
 * lane of 128 bits. */
#include <immintrin.h>

#include "cpu.h"
#include "host_features.h"
#include "host_pass_pair.h"
#include "host_pass_update.h"

/* host_word_value of the words of two pairs. `tags`: those of even and odd windows. */
ALWAYS_INLINE __m256i values_of(__m128i low, __m128i high, __m256i tags)
{
    __m256i words = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    __m256i ahead = _mm256_srli_epi64(_mm256_sub_epi64(words, tags), HOST_TAG_SHIFT + 1);
    __m256i counts = _mm256_cmpeq_epi64(ahead, _mm256_setzero_si256());
    __m256i values = _mm256_and_si256(words, _mm256_set1_epi64x((long long)HOST_VALUE_MASK));

    return _mm256_and_si256(values, counts);
}

ALWAYS_INLINE __m256i tags_at(uint32_t window)
{
    const __m256i parity = _mm256_setr_epi64x(0, 1, 0, 1);
    __m256i windows = _mm256_sub_epi64(_mm256_set1_epi64x(window), parity);

    return _mm256_slli_epi64(_mm256_srli_epi64(windows, 1), HOST_TAG_SHIFT);
}

/* The two words of each pair in each other's place. */
ALWAYS_INLINE __m256i swapped(__m256i pairs)
{
    return _mm256_shuffle_epi32(pairs, 0x4e);
}

/* host_count of the counters in the lower halves of dwords. */
ALWAYS_INLINE __m256i counts_of(__m256i values)
{
    __m256i halves = _mm256_and_si256(values, _mm256_set1_epi32(HOST_COUNTER_MAX));

    return _mm256_add_epi32(halves, swapped(halves));
}

/* host_distinct of the maps in four pairs: of the first, third, second and fourth. */
ALWAYS_INLINE __m256i distinct_of(__m256i low, __m256i high)
{
    const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                          2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i nibbles = _mm256_set1_epi8(15);
    __m256i maps =
        _mm256_or_si256(_mm256_unpacklo_epi64(low, high), _mm256_unpackhi_epi64(low, high));
    __m256i of_low = _mm256_shuffle_epi8(ones, _mm256_and_si256(maps, nibbles));
    __m256i of_high =
        _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(maps, 4), nibbles));

    return _mm256_sad_epu8(_mm256_add_epi8(of_low, of_high), _mm256_setzero_si256());
}

/* What of `begun` isn't in `part`, at least 0, see host_failed. */
ALWAYS_INLINE __m256i missing(__m256i begun, __m256i part)
{
    return _mm256_max_epi32(_mm256_sub_epi32(begun, part), _mm256_setzero_si256());
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

/* The features of one row: the first eight and the last four. */
struct read {
    __m256i first;
    __m128i last;
};

ALWAYS_INLINE struct read read_row(const struct host_cells *cells, __m256i tags)
{
    const struct host_initiator *initiator = cells->initiator;
    const struct host_responder *responder = cells->responder;
    __m256i flows = values_of(load_pair(initiator->flows), load_pair(responder->flows), tags);
    __m256i others = /* refusals, and flows of the pair */
        values_of(load_pair(responder->refusals), load_pair(cells->pair->flows), tags);
    __m256i service = values_of(load_pair(cells->service->flows), _mm_setzero_si128(), tags);
    __m256i distinct =
        distinct_of(values_of(load_pair(initiator->peers), load_pair(initiator->ports), tags),
                    values_of(load_pair(responder->sources), load_pair(cells->pair->ports), tags));

    __m256i outer = counts_of(flows); /* begun, completed, begun, completed */
    __m256i answered = counts_of(_mm256_srli_epi64(flows, 16));
    __m256i failed = missing(_mm256_shuffle_epi32(outer, 0),
                             _mm256_unpacklo_epi32(_mm256_shuffle_epi32(outer, 0x55), answered));
    __m256i refused = counts_of(others); /* and begun by the pair */
    __m256i new = counts_of(_mm256_srli_epi64(others, 16));
    __m256i service_outer = counts_of(service);
    __m256i service_failed = missing(service_outer, _mm256_shuffle_epi32(service_outer, 0x55));
    __m128i shares = shares_of(
        _mm_unpacklo_epi32(_mm256_castsi256_si128(failed), _mm256_castsi256_si128(new)),
        _mm_unpacklo_epi32(_mm256_castsi256_si128(outer), _mm256_extracti128_si256(outer, 1)));

    /* failed, share, unanswered, peers | ports, flows, ports, failed | sources, new, refused,
     * failed */
    __m256i first = _mm256_blend_epi32(_mm256_shuffle_epi32(failed, 0x10 /* 0, 0, 1, 0 */),
                                       _mm256_castsi128_si256(_mm_shuffle_epi32(shares, 0)), 0x02);
    first = _mm256_blend_epi32(first, _mm256_shuffle_epi32(distinct, 0x20), 0x58);
    first = _mm256_blend_epi32(first, _mm256_shuffle_epi32(refused, 0), 0x20);
    __m128i last =
        _mm_blend_epi32(_mm_shuffle_epi32(_mm256_castsi256_si128(distinct), 2), shares, 2);
    last = _mm_blend_epi32(last, _mm_shuffle_epi32(_mm256_castsi256_si128(refused), 0), 4);
    last = _mm_blend_epi32(last, _mm_shuffle_epi32(_mm256_castsi256_si128(service_failed), 0), 8);
    return (struct read){first, last};
}

ALWAYS_INLINE void read_hosts(const struct host_rows *rows, uint32_t window, uint32_t *features)
{
    uint32_t *first = features + HOST_FEATURE_FIRST;
    __m256i tags = tags_at(window);
    struct read read = read_row(&rows->cells[0], tags);

    if (rows->count > 1) {
        struct read other = read_row(&rows->cells[1], tags);

        read.first = _mm256_min_epu32(read.first, other.first);
        read.last = _mm_min_epu32(read.last, other.last);
    }
    _mm256_storeu_si256((__m256i *)(void *)first, read.first);
    _mm_storeu_si128((__m128i *)(void *)(first + 8), read.last);
}

HOST_PASS(host_pass_avx2, "avx2", CPU_AVX2);
