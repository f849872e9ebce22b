// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static double rounded(double ns)
{
    return (double)(long long)(ns * 1000 + 0.5) / 1000;
}

static json_t *size_value(const char *size)
{
    return isdigit((unsigned char)size[0]) ? json_integer(atoll(size)) : json_string(size);
}

static json_t *row(const struct bench_case *c)
{
    json_t *row = json_pack("{s:s, s:s}", "what", c->what, "variant", c->variant);

    if (c->step[0])
        json_object_set_new(row, "step", json_string(c->step));
    if (c->size_name[0])
        json_object_set_new(row, c->size_name, size_value(c->size));
    json_object_set_new(row, "ns", json_real(rounded(c->ns)));
    json_object_set_new(row, "ns_p10", json_real(rounded(c->ns_low)));
    json_object_set_new(row, "ns_p90", json_real(rounded(c->ns_high)));
    json_object_set_new(row, "floor_ns",
                        c->floor_ns > 0 ? json_real(rounded(c->floor_ns)) : json_null());
    if (c->floor_ns > 0)
        json_object_set_new(row, "floor_from", json_string(c->floor_from));
    if (c->pages)
        json_object_set_new(row, "pages", json_string(c->pages));
    if (c->cycles > 0)
        json_object_set_new(row, "cycles", json_real(rounded(c->cycles)));
    if (c->instructions > 0)
        json_object_set_new(row, "instructions", json_real(rounded(c->instructions)));
    return row;
}

static void print_json(const struct bench_case *cases, size_t count, FILE *stream)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, row(&cases[i]));
    json_t *object = json_pack("{s:o}", "rows", rows);
    json_dumpf(object, stream, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(7));
    fputc('\n', stream);
    json_decref(object);
}

static void print_csv(const struct bench_case *cases, size_t count, FILE *stream)
{
    bool steps = count > 0 && cases[0].step[0];

    fprintf(stream, "what,variant,%s%s,ns,ns_p10,ns_p90,floor_ns,cycles,instructions\n",
            steps ? "step," : "", count > 0 && cases[0].size_name[0] ? cases[0].size_name : "size");
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s,%s,%s%s%s,%.3f,%.3f,%.3f,%.3f,%.1f,%.1f\n", cases[i].what,
                cases[i].variant, cases[i].step, steps ? "," : "", cases[i].size, cases[i].ns,
                cases[i].ns_low, cases[i].ns_high, cases[i].floor_ns, cases[i].cycles,
                cases[i].instructions);
}

static void print_table(const struct bench_case *cases, size_t count, FILE *stream)
{
    const char *before = "";

    fprintf(stream, "%-20s %-14s %10s %9s  %-17s %9s %7s %9s %9s\n", "what", "variant",
            count > 0 ? cases[0].size_name : "", "ns/packet", "p10..p90", "floor ns", "x floor",
            "cycles", "instr.");
    for (size_t i = 0; i < count; i++) {
        const struct bench_case *c = &cases[i];
        char spread[40];

        snprintf(spread, sizeof(spread), "%.2f..%.2f", c->ns_low, c->ns_high);
        fprintf(stream, "%-20s %-14s %10s %9.2f  %-17s", c->what, c->variant, c->size, c->ns,
                spread);
        if (c->floor_ns > 0)
            fprintf(stream, " %9.2f %7.2f", c->floor_ns, c->ns / c->floor_ns);
        else
            fprintf(stream, " %9s %7s", "-", "-");
        if (c->cycles > 0)
            fprintf(stream, " %9.1f %9.1f\n", c->cycles, c->instructions);
        else
            fprintf(stream, " %9s %9s\n", "-", "-");
    }
    for (size_t i = 0; i < count; i++) {
        if (cases[i].floor_ns > 0 && strcmp(cases[i].floor_from, before) != 0)
            fprintf(stream, "floor of %s: %s\n", cases[i].what, cases[i].floor_from);
        before = cases[i].floor_from;
    }
    if (count > 0 && cases[0].cycles <= 0)
        fputs("cycles and instructions: this machine doesn't let them be read\n", stream);
}

void bench_print(const struct bench_case *cases, size_t count, enum bench_format format,
                 FILE *stream)
{
    if (format == BENCH_JSON)
        print_json(cases, count, stream);
    else if (format == BENCH_CSV)
        print_csv(cases, count, stream);
    else
        print_table(cases, count, stream);
}
