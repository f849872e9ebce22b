// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench stages: what each step of the pipeline costs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "monotonic.h"
#include "pipeline_set.h"
#include "subcommands.h"

enum {
    ALL = PIPELINE_STEPS, /* behind the steps, their sum */
    ROWS = PIPELINE_STEPS + 1,
    BURSTS = PIPELINE_PACKETS / BURST_MAX, /* of a run */
};

static const char usage[] =
    "usage: afxdp-bench stages [--json | --csv] [--rounds N] [--cpu N] [--model FILE.q8]\n"
    "ns per packet of each step of the pipeline, with the classifiers and loads of\n"
    "afxdp-bench pipeline: a clock is read after each step of a burst of 64, and what reading it\n"
    "costs taken off. Steps of a burst overlap a little without the clock, so that their sum is\n"
    "somewhat more than the pipeline takes. receive and give away are those of frames in memory.\n"
    "Medians over the bursts, and over N rounds (31), all interleaved.\n";

static const char *const names[ROWS] = {"receive",  "parse",  "hash",      "find", "update",
                                        "classify", "policy", "give away", "all"};

struct watch {
    uint64_t before;
    uint32_t burst;
    double ns[PIPELINE_STEPS][BURSTS]; /* that each step of each burst took */
};

static void step_done(void *context, enum pipeline_step step)
{
    struct watch *watch = context;
    uint64_t now = monotonic_ns();

    watch->ns[step][watch->burst] = (double)(now - watch->before);
    watch->before = now;
}

/* What a step lasts that does nothing. */
static double clock_cost(struct watch *watch)
{
    watch->before = monotonic_ns();
    for (watch->burst = 0; watch->burst < BURSTS; watch->burst++)
        step_done(watch, PIPELINE_RECEIVE);
    return bench_median(watch->ns[PIPELINE_RECEIVE], BURSTS);
}

/* ns per packet of each step, and of all: the bursts' median, for another program takes the core
 * away now and then. */
static void run(struct pipeline_run *run, struct watch *watch, double clock, double sample[ROWS])
{
    watch->before = monotonic_ns();
    for (watch->burst = 0; watch->burst < BURSTS; watch->burst++)
        (void)pipeline_run_watched(&run->pipeline, &run->route, step_done, watch);
    sample[ALL] = 0;
    for (int step = 0; step < PIPELINE_STEPS; step++) {
        double ns = (bench_median(watch->ns[step], BURSTS) - clock) / BURST_MAX;

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
    struct watch *watch = calloc(1, sizeof(*watch));
    int err = samples && watch ? 0 : -ENOMEM;

    if (err)
        goto out;
    double clock = clock_cost(watch);
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < set->count; i++) {
            double sample[ROWS];

            for (int twice = 0; twice < 2; twice++) /* as bench_measure: the second counts */
                run(&set->runs[i], watch, clock, sample);
            for (int row = 0; row < ROWS; row++)
                samples[(i * ROWS + (size_t)row) * rounds + round] = sample[row];
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        for (int row = 0; row < ROWS; row++)
            fill_case(&cases[i * ROWS + (size_t)row], &set->runs[i], row,
                      samples + (i * ROWS + (size_t)row) * rounds, rounds);
    }
out:
    free(samples);
    free(watch);
    return err;
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
    int err = pipeline_set_new(&set, options.model, NULL, &error);
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
