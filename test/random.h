// SPDX-License-Identifier: BSD-2-Clause
/* Random numbers that a failed test can be run with again. */
#ifndef AFXDP_TEST_RANDOM_H
#define AFXDP_TEST_RANDOM_H

#include <stdint.h>

/* xorshift64*; any seed but 0. */
struct random {
    uint64_t state;
};

uint32_t random_word(struct random *random);
uint32_t random_below(struct random *random, uint32_t bound); /* 0..bound-1; 0 for bound 0 */

/* AFXDP_SEED or the clock; prints it. */
struct random random_begin(const char *test);

#endif
