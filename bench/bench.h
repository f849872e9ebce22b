// SPDX-License-Identifier: BSD-2-Clause
/* What the subcommands of afxdp-bench share: a clock, rounds, and rows to print. */
#ifndef AFXDP_BENCH_H
#define AFXDP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    BENCH_ROUNDS_DEFAULT = 31,
    BENCH_ROUNDS_MAX = 1001,
    BENCH_CASES_MAX = 256,
    BENCH_DERIVATION_SIZE = 240,
};

/* One thing to measure. `run` handles some packets and returns how many; one call should take
 * between 0.1 and 10 ms. */
struct bench_case {
    char what[48];
    char variant[24];
    char step[12];      /* of the pipeline; empty: no such column */
    char size_name[12]; /* "batch" or "flows"; empty: no such column */
    char size[12];      /* its value: a number, or a word such as "new" */
    uint64_t (*run)(void *context);
    double (*time)(void *context); /* instead of `run`, where another keeps the time: ns/packet */
    void *context;
    double floor_ns;                        /* per packet; 0: none was derived */
    char floor_from[BENCH_DERIVATION_SIZE]; /* how */
    const char *pages;                      /* that the flow table lies in; NULL: there is none */

    /* Filled by bench_measure, per packet. */
    double ns;           /* median over the rounds */
    double ns_low;       /* 10th percentile */
    double ns_high;      /* 90th percentile */
    double cycles;       /* median; 0 where the CPU's counters can't be read */
    double instructions; /* likewise */
};

/* Measures all cases, interleaved, so that a machine that slows down does so for all. In each round
 * a case runs twice, and the second run counts: the state of a program that does nothing else. One
 * round before the counted ones warms up. -ENOMEM. */
int bench_measure(struct bench_case *cases, size_t count, uint32_t rounds);

double bench_median(double *values, uint32_t count); /* sorts them */

/* Fills ns, ns_low and ns_high from those of the rounds, which it sorts. */
void bench_summarise(struct bench_case *bench, double *ns, uint32_t rounds);

enum bench_format { BENCH_TABLE, BENCH_JSON, BENCH_CSV };

/* {"rows":[{"what":…,"variant":…,SIZE_NAME:…,"ns":…,…},…]}, the same as CSV, or a table. */
void bench_print(const struct bench_case *cases, size_t count, enum bench_format format,
                 FILE *stream);

struct bench_options {
    enum bench_format format;
    uint32_t rounds;
    int cpu;              /* to pin the thread to; -1: not pinned */
    const char *model;    /* a .q8 file instead of the built-in shapes */
    const char *features; /* features.csv, its inputs */
    const char *hosts;    /* the size of the host memory, as afxdp-engine's --hosts */
    bool events;          /* each case with and without --eve */
};

/* Reads --json, --csv, --rounds N, --cpu N, --model FILE, --features FILE, --hosts SIZE and
 * --events, as far as `usage` names them, and pins the thread. 0, or 2 after a line on stderr.
 * --help ends the program. */
int bench_options_read(struct bench_options *options, const char *usage, int argc, char **argv);

/* Nanoseconds that this thread has been on a core: turns of other programs on a busy machine don't
 * count, what they leave behind in caches does. (A quarter of a microsecond a call.) */
uint64_t bench_clock(void);

#endif
