// SPDX-License-Identifier: BSD-2-Clause
/* Prometheus's text format, version 0.0.4: families, each with all of its samples behind it. */
#ifndef AFXDP_METRICS_TEXT_H
#define AFXDP_METRICS_TEXT_H

#include <stdio.h>

#include "histogram.h"

/* An array of these ends with a name of NULL. Values are any UTF-8. */
struct metrics_label {
    const char *name, *value;
};

/* Begins a family; `type` is "counter", "gauge" or "histogram". */
void metrics_family(FILE *to, const char *name, const char *type, const char *help);

void metrics_number(FILE *to, const char *name, const struct metrics_label *labels, uint64_t value);
void metrics_seconds(FILE *to, const char *name, const struct metrics_label *labels, uint64_t ns);

/* A member of a histogram's family that has other labels than the members before it: steps up to
 * the one that `most` falls into. */
void metrics_histogram(FILE *to, const char *name, const struct metrics_label *labels,
                       const struct histogram *histogram, uint32_t most);

/* One whose `steps` are equal parts of 1, and whose sum is in millionths. */
void metrics_shares(FILE *to, const char *name, const struct metrics_label *labels,
                    const uint64_t *counts, uint32_t steps, uint64_t sum);

#endif
