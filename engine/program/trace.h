// SPDX-License-Identifier: BSD-2-Clause
/* The last minute of a rate as a row of small bars. */
#ifndef AFXDP_TRACE_H
#define AFXDP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum { TRACE_LENGTH = 60, TRACE_TEXT = 3 * TRACE_LENGTH + 1 };

struct trace {
    double value[TRACE_LENGTH]; /* the oldest first, once it is full */
    uint32_t count;
};

void trace_add(struct trace *trace, double value);

/* As many letters as `columns`, at most TRACE_LENGTH, the newest on the right; the largest value of
 * them is the highest bar, and what isn't 0 is never the lowest. Without `unicode` in ASCII. */
void trace_text(const struct trace *trace, uint32_t columns, bool unicode, char text[TRACE_TEXT]);

#endif
