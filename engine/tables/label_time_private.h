// SPDX-License-Identifier: BSD-2-Clause
/* Times as other tools write them. Private to the label tables. */
#ifndef AFXDP_LABEL_TIME_H
#define AFXDP_LABEL_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct label_clock {
    int64_t unit; /* ns in one of a plain number's */
    int64_t zone; /* ns that dates without a zone of their own are ahead of UTC */
    bool
        afternoon; /* hours 1 to 7 without AM or PM are in the afternoon, as CIC's tables have it */
};

struct label_time {
    int64_t time;  /* ns since 1970 */
    int64_t grain; /* ns: the last digit's worth */
};

/* A number, or a date and a time in one of these forms, seconds and their fraction optional:
 * 2017-07-05T08:54:00.123456+0000, 2017/07/05 08:54:00, 5/7/2017 8:54 PM (day first). False where
 * `text` is none of them or out of range. */
bool label_time_parse(const char *text, const struct label_clock *clock, struct label_time *time);

/* "-03:00", "+05:30", "UTC": ns ahead of UTC. */
bool label_zone_parse(const char *text, int64_t *zone);

#endif
