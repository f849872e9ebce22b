// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench pipeline: frames in memory in, counted verdicts out, everything between. */
#include <errno.h>
#include <stdio.h>

#include "bench.h"
#include "pipeline_set.h"
#include "subcommands.h"

static const char usage[] =
    "usage: afxdp-bench pipeline [--json | --csv] [--rounds N] [--cpu N] [--model FILE.q8]\n"
    "                            [--hosts CELLS[:ROWS]] [--events]\n"
    "ns per packet from a frame in memory to its verdict, counted and applied, with no model, "
    "with\n"
    "a tree of depth 10 and with the networks 12-32-32-5 and 28-32-32-5, the latter of feature "
    "set\n"
    "2 (or with FILE.q8), at 1, 1 k, 100 k and 1 M live flows, and with every packet a new flow "
    "in\n"
    "a full table. The table has its default size of 1 M flows, 2 M for the last two. Medians "
    "over\n"
    "N rounds (31), all interleaved. --events: each with --eve as well, without and with its flow\n"
    "events; their writers need a core of their own. Say --model then, for models that share a "
    "table\n"
    "here change each other's verdicts, which are events. --hosts: as afxdp-engine's.\n";

static uint64_t run(void *context)
{
    struct pipeline_run *run = context;
    uint64_t packets = 0;

    while (packets < PIPELINE_PACKETS)
        packets += (uint64_t)pipeline_run(&run->pipeline, &run->route);
    return packets;
}

static struct bench_case case_of(struct pipeline_run *of)
{
    struct bench_case bench = {.size_name = "flows",
                               .run = run,
                               .context = of,
                               .floor_ns = of->floor_ns,
                               .pages = pages_name(of->pipeline.table->memory.pages)};

    snprintf(bench.what, sizeof(bench.what), "%s%s", of->what, of->events);
    snprintf(bench.variant, sizeof(bench.variant), "%s", of->variant);
    snprintf(bench.size, sizeof(bench.size), "%s", of->flows);
    snprintf(bench.floor_from, sizeof(bench.floor_from), "%s", pipeline_floor_from);
    return bench;
}

int bench_pipeline(int argc, char **argv)
{
    struct error error = {"no memory"};
    struct bench_options options;
    struct bench_case cases[PIPELINE_RUNS];
    struct pipeline_set *set = NULL;

    if (bench_options_read(&options, usage, argc, argv))
        return 2;
    int err = pipeline_set_new(&set, options.model, options.hosts, &error);
    if (!err && options.events)
        err = pipeline_set_add_events(set, &error);
    if (!err) {
        for (size_t i = 0; i < set->count; i++)
            cases[i] = case_of(&set->runs[i]);
        err = bench_measure(cases, set->count, options.rounds);
        if (!err)
            bench_print(cases, set->count, options.format, stdout);
    }
    if (err)
        fprintf(stderr, "afxdp-bench pipeline: %s\n", error.text);
    pipeline_set_free(set);
    return !err ? 0 : err == -ENOMEM ? 1 : 2;
}
