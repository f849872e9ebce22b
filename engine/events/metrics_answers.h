// SPDX-License-Identifier: BSD-2-Clause
/* What scrapers are answered: the same metrics in Prometheus's text format and in that of
 * OpenMetrics, to whom asks for it. The server's thread alone. */
#ifndef AFXDP_METRICS_ANSWERS_H
#define AFXDP_METRICS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;
struct MHD_Response;

struct metrics_answers {
    struct MHD_Response *plain, *open; /* NULL: none */
};

/* Takes malloc's text over, NULL without one, in the place of what was there. */
void metrics_answers_set(struct metrics_answers *answers, char *text, size_t length);

/* The one that a request's Accept asks for; NULL where there is none. */
struct MHD_Response *metrics_answers_pick(const struct metrics_answers *answers,
                                          struct MHD_Connection *connection);

void metrics_answers_clear(struct metrics_answers *answers);

/* Whether a header Accept (NULL: none) prefers OpenMetrics to plain text. */
bool metrics_accepts_open(const char *accept);

/* Text of Prometheus's format, version 0.0.4, as OpenMetrics 1.0.0, malloc's; NULL without memory:
 * a counter's family has no `_total`, which its samples keep; bounds of buckets are floats; the end
 * is told. */
char *metrics_open_text(const char *text, size_t length, size_t *made);

#endif
