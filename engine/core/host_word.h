// SPDX-License-Identifier: BSD-2-Clause
/* A word of the host memory: what a host did in one window of time, in 64 bits that change as one
 * (BPF-safe).
 *
 *     bits 0..47    three saturating counters of 16 bits, or a map of 48 bits
 *     bits 48..63   the tag: which window of the word's parity this is
 *
 * A cell has two words for everything it counts, one for even and one for odd windows. A reader
 * sees its own window and the one before; an older word reads as 0. Any number of threads, or CPUs
 * in the kernel, read and change a word at once: a change is one compare-and-swap, tried three
 * times, so nobody ever sees half of one and nobody waits. */
#ifndef AFXDP_HOST_WORD_H
#define AFXDP_HOST_WORD_H

#include "bytes.h"

enum {
    HOST_WINDOW_SHIFT = 33, /* a window is 2^33 ns, 8.6 s */
    HOST_TAG_SHIFT = 48,
    HOST_TAG_MASK = 0xffff,
    HOST_MAP_BITS = 48,
    HOST_TRIES = 3,
    HOST_COUNTER_MAX = 0xffff,
    HOST_COUNTER_FINE = 1024,  /* above, a counter is raised by 2^4 for one change in as many, */
    HOST_COUNTER_COARSE = 8192 /* and above this by 2^6 */
};

/* OPAQUE, but in BPF alone: on a CPU a branch costs less than what the compiler may then not do. */
#ifdef __bpf__
#define HOST_OPAQUE(value) OPAQUE(value)
/* Before the tries of a change: written out, they are more code than a CPU's cache of it holds. */
#define HOST_TRIED_IN_TURN _Pragma("clang loop unroll(disable)")
#else
#define HOST_OPAQUE(value) ((void)0)
#define HOST_TRIED_IN_TURN
#endif

#define HOST_VALUE_MASK ((UINT64_C(1) << HOST_TAG_SHIFT) - 1)

/* The counters of a word, to be or-ed: one change can raise several. */
enum host_counter { HOST_FIRST = 1, HOST_SECOND = 2, HOST_THIRD = 4 };

ALWAYS_INLINE uint32_t host_window(uint64_t now)
{
    return (uint32_t)(now >> HOST_WINDOW_SHIFT);
}

ALWAYS_INLINE uint32_t host_tag(uint32_t window)
{
    return (window >> 1) & HOST_TAG_MASK;
}

ALWAYS_INLINE uint64_t host_word_load(const uint64_t *word)
{
#ifdef __bpf__
    return *(const volatile uint64_t *)word;
#else
    return __atomic_load_n(word, __ATOMIC_RELAXED);
#endif
}

/* `*seen` becomes what the word held; true: that was `*seen` before, and `to` took its place. */
ALWAYS_INLINE bool host_word_swap(uint64_t *word, uint64_t *seen, uint64_t to)
{
#ifdef __bpf__
    uint64_t held = __sync_val_compare_and_swap(word, *seen, to);
    bool swapped = held == *seen;

    *seen = held;
    return swapped;
#else
    return __atomic_compare_exchange_n(word, seen, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
#endif
}

/* Whether a word of the window's parity counts there: it is of that window, or, written by somebody
 * whose clock is ahead, of the next one of its parity. */
ALWAYS_INLINE bool host_word_counts(uint64_t word, uint32_t window)
{
    return (((uint32_t)(word >> HOST_TAG_SHIFT) - host_tag(window)) & HOST_TAG_MASK) <= 1;
}

/* A word without its tag, 0 where it is old. No branch, here and below: the verifier, which takes
 * note of a 0, would walk all that follows again for every word that may be old. */
ALWAYS_INLINE uint64_t host_word_value(const uint64_t *words, uint32_t window)
{
    uint64_t word = host_word_load(&words[window & 1]);
    uint64_t ahead = word - ((uint64_t)host_tag(window) << HOST_TAG_SHIFT);
    uint64_t counts = (ahead >> (HOST_TAG_SHIFT + 1)) - 1; /* negative: as host_word_counts */

    HOST_OPAQUE(counts);
    return word & HOST_VALUE_MASK & (uint64_t)((int64_t)counts >> 63);
}

/* What a pair of words says to a reader in `window`. */
struct host_value {
    uint64_t now;  /* of this window */
    uint64_t last; /* of the one before */
};

ALWAYS_INLINE struct host_value host_words_read(const uint64_t words[2], uint32_t window)
{
    return (struct host_value){host_word_value(words, window), host_word_value(words, window - 1)};
}

/* Both windows' counts. `shift`: 0, 16 or 32, of the first, second or third counter. */
ALWAYS_INLINE uint32_t host_count(struct host_value value, uint32_t shift)
{
    return (uint32_t)((value.now >> shift) & HOST_COUNTER_MAX) +
           (uint32_t)((value.last >> shift) & HOST_COUNTER_MAX);
}

/* Ones among 48 bits, without an instruction that not every CPU, nor BPF, has. */
ALWAYS_INLINE uint32_t host_distinct(struct host_value value)
{
    uint64_t map = value.now | value.last;

    map -= (map >> 1) & UINT64_C(0x5555555555555555);
    map = (map & UINT64_C(0x3333333333333333)) + ((map >> 2) & UINT64_C(0x3333333333333333));
    map = (map + (map >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((map * UINT64_C(0x0101010101010101)) >> 56);
}

/* A word's value with one counter raised, where `by` is 1, not 0. `sample` are six random bits that
 * are the same for all changes of one flow. No branch: the verifier would walk each. What is opaque
 * stays, so a counter that is known to stay is left alone here. */
ALWAYS_INLINE uint64_t host_raised(uint64_t value, uint32_t shift, uint32_t by, uint32_t sample)
{
    if (__builtin_constant_p(by) && by == 0)
        return value;
    uint64_t count = (value >> shift) & HOST_COUNTER_MAX;
    uint64_t fine = HOST_COUNTER_FINE - count;     /* negative: the count is above */
    uint64_t coarse = HOST_COUNTER_COARSE - count; /* likewise */
    HOST_OPAQUE(fine);
    HOST_OPAQUE(coarse);
    uint64_t step = (uint64_t)by << ((fine >> 63) * 4 + (coarse >> 63) * 2);
    uint64_t left_out = sample & (step - 1);
    HOST_OPAQUE(left_out);
    uint64_t raised = count + (step & (((0 - left_out) >> 63) - 1));
    uint64_t over = HOST_COUNTER_MAX - raised;
    HOST_OPAQUE(over);

    raised += over & (0 - (over >> 63)); /* `over` is then negative */
    return value + ((raised - count) << shift);
}

ALWAYS_INLINE uint64_t host_raised_all(uint64_t value, uint32_t counters, uint32_t sample)
{
    value = host_raised(value, 0, counters & 1, sample);
    value = host_raised(value, 16, counters >> 1 & 1, sample);
    return host_raised(value, 32, counters >> 2 & 1, sample);
}

/* An old word begins anew as one of this window, empty. */
ALWAYS_INLINE uint64_t host_word_current(uint64_t word, uint32_t window)
{
    return host_word_counts(word, window) ? word : (uint64_t)host_tag(window) << HOST_TAG_SHIFT;
}

/* Raises counters in the window's word. The changes left out: 1 when others changed the word in
 * between three times, else 0. */
ALWAYS_INLINE uint32_t host_words_raise(uint64_t words[2], uint32_t window, uint32_t counters,
                                        uint32_t sample)
{
    uint64_t *word = &words[window & 1];
    uint64_t seen = host_word_load(word);

    HOST_TRIED_IN_TURN
    for (int i = 0; i < HOST_TRIES; i++) {
        uint64_t from = host_word_current(seen, window);
        uint64_t to = host_raised_all(from, counters, sample);

        if (to == from || host_word_swap(word, &seen, to))
            return 0;
    }
    return 1;
}

/* Raises counters in the word of a window that may be over by now, as long as it is that window's;
 * else does nothing. Returns as host_words_raise. */
ALWAYS_INLINE uint32_t host_words_raise_then(uint64_t words[2], uint32_t window, uint32_t counters,
                                             uint32_t sample)
{
    uint64_t *word = &words[window & 1];
    uint64_t seen = host_word_load(word);

    HOST_TRIED_IN_TURN
    for (int i = 0; i < HOST_TRIES; i++) {
        uint64_t to = host_raised_all(seen, counters, sample);

        if (seen >> HOST_TAG_SHIFT != host_tag(window) || to == seen ||
            host_word_swap(word, &seen, to))
            return 0;
    }
    return 1;
}

/* Sets a bit, 0..47, in the window's map, unless it is set. Returns as host_words_raise. */
ALWAYS_INLINE uint32_t host_words_mark(uint64_t words[2], uint32_t window, uint32_t bit)
{
    uint64_t *word = &words[window & 1];
    uint64_t seen = host_word_load(word);

    HOST_TRIED_IN_TURN
    for (int i = 0; i < HOST_TRIES; i++) {
        uint64_t from = host_word_current(seen, window);
        uint64_t to = from | UINT64_C(1) << bit;

        if (to == seen || host_word_swap(word, &seen, to))
            return 0;
    }
    return 1;
}

#endif
