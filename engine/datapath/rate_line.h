// SPDX-License-Identifier: BSD-2-Clause
/* A line of rates now and then. */
#ifndef AFXDP_RATE_LINE_H
#define AFXDP_RATE_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include "afxdp_engine.h"

struct rate_line {
    double interval; /* s, 0: no lines */
    double begun;    /* s, of the monotonic clock */
    double last;
    struct afxdp_totals before;
};

void rate_line_init(struct rate_line *line, unsigned interval);

bool rate_line_is_due(const struct rate_line *line);

/* Prints a line; the rates are those since the last one. */
void rate_line_print(struct rate_line *line, FILE *file, const struct afxdp_totals *totals);

#endif
