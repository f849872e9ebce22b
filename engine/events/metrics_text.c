// SPDX-License-Identifier: BSD-2-Clause
#include "metrics_text.h"

#include <inttypes.h>
#include <stdbool.h>

void metrics_family(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(FILE *to, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", to);
        else if (*value == '"' || *value == '\\')
            fprintf(to, "\\%c", *value);
        else
            fputc(*value, to);
    }
}

/* The name and, in braces, the labels; `le`, unless NULL, is one more. */
static void put_name(FILE *to, const char *name, const char *suffix,
                     const struct metrics_label *labels, const char *le)
{
    const char *before = "{";

    fprintf(to, "%s%s", name, suffix);
    for (; labels && labels->name; labels++, before = ",") {
        fprintf(to, "%s%s=\"", before, labels->name);
        put_value(to, labels->value);
        fputc('"', to);
    }
    if (le)
        fprintf(to, "%sle=\"%s\"", before, le);
    fputs(*before == ',' || le ? "} " : " ", to);
}

void metrics_number(FILE *to, const char *name, const struct metrics_label *labels, uint64_t value)
{
    put_name(to, name, "", labels, NULL);
    fprintf(to, "%" PRIu64 "\n", value);
}

void metrics_seconds(FILE *to, const char *name, const struct metrics_label *labels, uint64_t ns)
{
    put_name(to, name, "", labels, NULL);
    fprintf(to, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

static void put_bucket(FILE *to, const char *name, const struct metrics_label *labels,
                       const char *le, uint64_t count)
{
    put_name(to, name, "_bucket", labels, le);
    fprintf(to, "%" PRIu64 "\n", count);
}

static void put_count(FILE *to, const char *name, const struct metrics_label *labels,
                      uint64_t count)
{
    put_bucket(to, name, labels, "+Inf", count);
    put_name(to, name, "_count", labels, NULL);
    fprintf(to, "%" PRIu64 "\n", count);
}

static uint64_t load(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void metrics_histogram(FILE *to, const char *name, const struct metrics_label *labels,
                       const struct histogram *histogram, uint32_t most)
{
    uint64_t count = 0;
    char le[12];

    for (uint32_t i = 0; i < HISTOGRAM_STEPS; i++) {
        count += load(&histogram->count[i]);
        snprintf(le, sizeof(le), "%u", 1u << i);
        if (i == 0 || 1u << (i - 1) < most)
            put_bucket(to, name, labels, le, count);
    }
    put_count(to, name, labels, count);
    put_name(to, name, "_sum", labels, NULL);
    fprintf(to, "%" PRIu64 "\n", load(&histogram->sum));
}

void metrics_shares(FILE *to, const char *name, const struct metrics_label *labels,
                    const uint64_t *counts, uint32_t steps, uint64_t sum)
{
    uint64_t count = 0;
    char le[16];

    for (uint32_t i = 0; i < steps; i++) {
        count += load(&counts[i]);
        snprintf(le, sizeof(le), "%g", (double)(i + 1) / steps);
        put_bucket(to, name, labels, le, count);
    }
    put_count(to, name, labels, count);
    put_name(to, name, "_sum", labels, NULL);
    fprintf(to, "%" PRIu64 ".%06" PRIu64 "\n", sum / 1000000, sum % 1000000);
}
