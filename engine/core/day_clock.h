// SPDX-License-Identifier: BSD-2-Clause
/* Times of the monotonic clock as times of the day. The difference is kept while it is right to a
 * millisecond, so that times apart by so many nanoseconds stay so; a clock that was set is
 * followed.
 */
#ifndef AFXDP_DAY_CLOCK_H
#define AFXDP_DAY_CLOCK_H

#include "monotonic.h"

struct day_clock {
    bool told;       /* times are of the day already: nothing is added */
    uint64_t offset; /* ns from a packet's time to ns since 1970 */
};

enum { DAY_CLOCK_SLACK = 1000000 /* ns */ };

/* The wall clock, ns since 1970. */
ALWAYS_INLINE uint64_t day_clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Now and then, before times are told. */
ALWAYS_INLINE void day_clock_watch(struct day_clock *clock)
{
    if (clock->told)
        return;
    uint64_t offset = day_clock_now() - monotonic_ns();

    if (offset - clock->offset + DAY_CLOCK_SLACK > 2 * DAY_CLOCK_SLACK)
        clock->offset = offset;
}

#endif
