// SPDX-License-Identifier: BSD-2-Clause
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint32_t random_word(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

uint32_t random_below(struct random *random, uint32_t bound)
{
    return (uint32_t)((uint64_t)random_word(random) * bound >> 32);
}

struct random random_begin(const char *test)
{
    const char *given = getenv("AFXDP_SEED");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed =
        given ? strtoull(given, NULL, 0) : (uint64_t)(now.tv_sec * 1000000000 + now.tv_nsec);
    printf("%s: AFXDP_SEED=%llu\n", test, (unsigned long long)seed);
    fflush(stdout);
    return (struct random){seed ? seed : 1};
}
