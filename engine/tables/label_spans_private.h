// SPDX-License-Identifier: BSD-2-Clause
/* Which of many rows with a start and an end is the first that holds at a time: as a list of spans,
 * each with its row, that is searched in O(log n) whatever the rows' number. Private to the label
 * tables. */
#ifndef AFXDP_LABEL_SPANS_H
#define AFXDP_LABEL_SPANS_H

#include <stddef.h>
#include <stdint.h>

enum { LABEL_NO_ROW = UINT32_MAX };

/* From `from` on, up to the next span's, row `row` is the first that holds; LABEL_NO_ROW: none
 * does.
 */
struct label_span {
    int64_t from;
    uint32_t row;
};

struct label_times {
    int64_t start; /* both included; rows that end before they start hold never */
    int64_t end;
};

/* Makes the spans of the rows whose numbers, in rising order, are in `rows`. `*spans` is the
 * caller's to free; returns how many, or -ENOMEM. */
ptrdiff_t label_spans_make(struct label_span **spans, const struct label_times *times,
                           const uint32_t *rows, uint32_t count);

/* The span at that time, NULL where that is before the first. */
const struct label_span *label_spans_find(const struct label_span *spans, size_t count,
                                          int64_t time);

#endif
