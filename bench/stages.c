// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench stages: what each step of the pipeline costs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "pipeline_set.h"
#include "subcommands.h"

enum {
    ALL = PIPELINE_STEPS, /* behind the steps, their sum */
    ROWS = PIPELINE_STEPS + 1,
    CLOCK_RUNS = 50,
    CLOCK_READS = 2000,
};

static const char usage[] =
    "usage: afxdp-bench stages [--json | --csv] [--rounds N] [--cpu N] [--model FILE.q8]\n"
    "ns per packet of each step of the pipeline, with the classifiers and loads of\n"
    "afxdp-bench pipeline: a clock is read after each step of a burst of 64, and what reading it\n"
    "costs taken off. Steps of a burst overlap a little without the clock, so that their sum is\n"
    "somewhat more than the pipeline takes. receive and give away are those of frames in memory.\n"
    "Medians over N rounds (31), all interleaved; a program that takes the core away meanwhile\n"
    "counts.\n";

static const char *const names[ROWS] = {"receive",  "parse",  "hash",      "find", "update",
                                        "classify", "policy", "give away", "all"};

struct watch {
    uint64_t before;
    uint64_t ns[PIPELINE_STEPS];
};

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void step_done(void *context, enum pipeline_step step)
{
    struct watch *watch = context;
    uint64_t now = clock_ns();

    watch->ns[step] += now - watch->before;
    watch->before = now;
}

/* What a step lasts that does nothing: the least of some runs, for another program may take the
 * core away during one. */
static double clock_cost(void)
{
    uint64_t least = UINT64_MAX;

    for (int run = 0; run < CLOCK_RUNS; run++) {
        struct watch watch = {.before = clock_ns()};

        for (int i = 0; i < CLOCK_READS; i++)
            step_done(&watch, PIPELINE_RECEIVE);
        if (watch.ns[PIPELINE_RECEIVE] < least)
            least = watch.ns[PIPELINE_RECEIVE];
    }
    return (double)least / CLOCK_READS;
}

/* ns per packet of each step, and of all. */
static void run(struct pipeline_run *run, double clock, double sample[ROWS])
{
    struct watch watch = {.before = clock_ns()};
    uint64_t packets = 0;
    uint64_t bursts = 0;

    for (; packets < PIPELINE_PACKETS; bursts++)
        packets += (uint64_t)pipeline_run_watched(&run->pipeline, &run->route, step_done, &watch);
    sample[ALL] = 0;
    for (int step = 0; step < PIPELINE_STEPS; step++) {
        double ns = ((double)watch.ns[step] - clock * (double)bursts) / (double)packets;

        sample[step] = ns > 0 ? ns : 0;
        sample[ALL] += sample[step];
    }
}

static void fill_case(struct bench_case *bench, const struct pipeline_run *of, int row,
                      double *samples, uint32_t rounds)
{
    *bench = (struct bench_case){.size_name = "flows"};
    snprintf(bench->what, sizeof(bench->what), "%s", of->what);
    snprintf(bench->variant, sizeof(bench->variant), "%s", of->variant);
    snprintf(bench->step, sizeof(bench->step), "%s", names[row]);
    snprintf(bench->size, sizeof(bench->size), "%s", of->flows);
    bench_summarise(bench, samples, rounds);
}

/* `cases` are ROWS for each run. -ENOMEM. */
static int measure(struct bench_case *cases, struct pipeline_set *set, uint32_t rounds)
{
    double *samples = calloc(set->count * ROWS * rounds, sizeof(*samples));
    double clock = clock_cost();

    if (!samples)
        return -ENOMEM;
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < set->count; i++) {
            double sample[ROWS];

            for (int twice = 0; twice < 2; twice++) /* as bench_measure: the second counts */
                run(&set->runs[i], clock, sample);
            for (int row = 0; row < ROWS; row++)
                samples[(i * ROWS + (size_t)row) * rounds + round] = sample[row];
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        for (int row = 0; row < ROWS; row++)
            fill_case(&cases[i * ROWS + (size_t)row], &set->runs[i], row,
                      samples + (i * ROWS + (size_t)row) * rounds, rounds);
    }
    free(samples);
    return 0;
}

/* A line for each run, a column for each step. */
static void print_table(const struct bench_case *cases, size_t runs)
{
    printf("%-10s %-12s %8s", "what", "variant", "flows");
    for (int row = 0; row < ROWS; row++)
        printf(" %9s", names[row]);
    putchar('\n');
    for (size_t i = 0; i < runs; i++, cases += ROWS) {
        printf("%-10s %-12s %8s", cases->what, cases->variant, cases->size);
        for (int row = 0; row < ROWS; row++)
            printf(" %9.2f", cases[row].ns);
        putchar('\n');
    }
    puts("medians, ns per packet");
}

int bench_stages(int argc, char **argv)
{
    struct error error = {"no memory"};
    struct bench_options options;
    struct pipeline_set *set = NULL;
    struct bench_case *cases = NULL;

    if (bench_options_read(&options, usage, argc, argv))
        return 2;
    int err = pipeline_set_new(&set, options.model, &error);
    if (!err) {
        cases = calloc(set->count * ROWS, sizeof(*cases));
        err = cases ? measure(cases, set, options.rounds) : -ENOMEM;
    }
    if (!err && options.format == BENCH_TABLE)
        print_table(cases, set->count);
    else if (!err)
        bench_print(cases, set->count * ROWS, options.format, stdout);
    else
        fprintf(stderr, "afxdp-bench stages: %s\n", error.text);
    free(cases);
    pipeline_set_free(set);
    return !err ? 0 : err == -ENOMEM ? 1 : 2;
}
