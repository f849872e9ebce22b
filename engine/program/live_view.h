// SPDX-License-Identifier: BSD-2-Clause
/* What a running engine is doing, as lines for a screen: made of what its control socket answers,
 * one look after the other. */
#ifndef AFXDP_LIVE_VIEW_H
#define AFXDP_LIVE_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "trace.h"

enum { LIVE_VIEW_TRACES = 160 /* classes, and queues of both ports */ };

/* A rate with its name, as in the last look. */
struct live_rate {
    char name[40];
    double rate;
    struct trace trace;
};

struct live_view {
    json_t *stats, *before; /* reports of the last two looks; NULL: there was none */
    json_t *flows, *hosts;  /* of the last; NULL: they are not to be had */
    double passed;          /* s between the two */
    uint32_t rate_count;
    struct live_rate rate[LIVE_VIEW_TRACES];
};

/* How it is drawn. */
struct live_screen {
    FILE *to;
    uint32_t rows, columns;
    bool terminal; /* colours, and each line replaces the one that stood there */
    bool unicode;
    uint32_t used; /* 0 */
};

void live_view_free(struct live_view *view);

/* Takes the answers of `stats`, `flows` and `hosts` over; the latter two may be NULL. */
void live_view_look(struct live_view *view, json_t *stats, json_t *flows, json_t *hosts);

/* No line is wider than the screen, and no more than its rows are drawn. */
void live_view_draw(const struct live_view *view, struct live_screen *screen);

/* A line, cut to the width; what could steer the terminal is replaced. Styles are those of the
 * terminal: 0 plain, 1 bold, 31 red. */
void live_screen_line(struct live_screen *screen, int style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
