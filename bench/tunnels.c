// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench tunnels: what --tunnels costs a packet that is in none, and one in VXLAN, in the
 * pipeline and in the path inside the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernel_time.h"
#include "memory_port.h"
#include "monotonic.h"
#include "path_run.h"
#include "pipeline.h"
#include "subcommands.h"

enum {
    FLOWS = 1000,
    TABLE = 1 << 16,
    PACKETS = 1 << 16, /* of one run */
    WAYS = 3,          /* a packet and whether tunnels are opened */
    STEPS = 3,         /* the parser, the pipeline, the path inside the kernel */
    ROWS = WAYS * STEPS,
};

static const char usage[] =
    "usage: afxdp-bench tunnels [--json | --csv] [--rounds N] [--cpu N]\n"
    "ns per packet with and without --tunnels auto, of a packet of 64 bytes and of the same in\n"
    "VXLAN: `parse` is that step of the pipeline, `pipeline` all of it without a model, at 1,000\n"
    "flows; `in the kernel` the path without a model, of one flow, by BPF_PROG_TEST_RUN. Needs\n"
    "root.\n";

static const struct {
    const char *packet, *variant;
    bool wrapped, opened;
} ways[WAYS] = {
    {"plain", "none", false, false},
    {"plain", "--tunnels auto", false, true},
    {"vxlan", "--tunnels auto", true, true},
};
static const char *const step_names[STEPS] = {"parse", "pipeline", "in the kernel"};

struct way {
    struct memory_port port;
    struct flow_table *table;
    struct pipeline *pipeline;
    struct route route;
    struct stats stats;
    uint64_t before, parsing; /* ns */
    double clock;             /* ns that reading it takes */
    struct xdp_path *path[KERNEL_LOADS];
};

struct tunnels_run {
    struct way way[WAYS];
    struct bench_case cases[ROWS];
    struct policy policy;
    struct error error;
};

static uint64_t run_pipeline(void *context)
{
    struct way *way = context;
    uint64_t packets = 0;

    while (packets < PACKETS)
        packets += (uint64_t)pipeline_run(way->pipeline, &way->route);
    return packets;
}

static void step_done(void *context, enum pipeline_step step)
{
    struct way *way = context;

    if (step > PIPELINE_PARSE)
        return;
    uint64_t now = monotonic_ns();
    if (step == PIPELINE_PARSE)
        way->parsing += now - way->before;
    way->before = now;
}

static double time_parser(void *context)
{
    struct way *way = context;

    way->parsing = 0;
    for (uint32_t burst = 0; burst < PACKETS / BURST_MAX; burst++)
        (void)pipeline_run_watched(way->pipeline, &way->route, step_done, way);
    return (double)way->parsing / PACKETS - way->clock / BURST_MAX;
}

static double time_kernel(void *context)
{
    const struct way *way = context;
    int program[KERNEL_LOADS];

    for (int i = 0; i < KERNEL_LOADS; i++)
        program[i] = path_entry_fd(way->path[i]);
    return kernel_time(program, way->port.frames, way->port.frame_size);
}

/* The least of some tries: other programs take the core away now and then. */
static double clock_cost(void)
{
    enum { TRIES = 100, READS = 100 };
    uint64_t least = UINT64_MAX;

    for (int try = 0; try < TRIES; try++) {
        uint64_t start = monotonic_ns();
        uint64_t now = start;

        for (int i = 0; i < READS; i++)
            now = monotonic_ns();
        least = now - start < least ? now - start : least;
    }
    return (double)least / READS;
}

static int open_pipeline(struct way *way, const struct tunnel_options *tunnels,
                         const struct policy *policy, struct error *error)
{
    struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;

    options.flows = TABLE;
    options.ready = true;
    options.fixed_seed = true;
    int status = flow_table_new(&way->table, &options, error);
    if (status != 0)
        return status;
    way->pipeline = pipeline_new();
    if (!way->pipeline)
        return error_set(error, -ENOMEM, "no memory");
    way->pipeline->table = way->table;
    way->pipeline->policy = policy;
    way->pipeline->tunnels = *tunnels;
    way->route = (struct route){.in = &way->port.port, .stats = &way->stats};
    way->clock = clock_cost();
    return 0;
}

static int open_path(struct xdp_path **out, const struct tunnel_options *tunnels,
                     struct error *error)
{
    const struct path_settings settings = {
        .options = {.tunnels = *tunnels}, .flows = TABLE, .timeout = UINT64_C(1) << 40, .seed = 1};
    const struct path_policy policy = {.action = {0}};
    struct path_program *program;
    int status = path_none_new(&program, error);

    if (status == 0)
        status = path_run_open(out, program, &settings, NULL, error);
    return status == 0 ? path_install(*out, NULL, &policy, error) : status;
}

static int open_way(struct tunnels_run *run, int i)
{
    struct way *way = &run->way[i];
    const struct tunnel_options tunnels = {ways[i].opened ? TUNNELS_ALL : 0, TUNNEL_KEY_TUNNEL};
    int status = memory_port_open(&way->port, FLOWS, false);

    if (status == 0 && ways[i].wrapped)
        status = memory_port_wrap(&way->port);
    if (status != 0)
        return error_set(&run->error, status, "no memory");
    status = open_pipeline(way, &tunnels, &run->policy, &run->error);
    for (int load = 0; status == 0 && load < KERNEL_LOADS; load++)
        status = open_path(&way->path[load], &tunnels, &run->error);
    return status;
}

static void make_rows(struct tunnels_run *run)
{
    for (int i = 0; i < ROWS; i++) {
        struct bench_case *bench = &run->cases[i];
        int step = i / WAYS;
        int way = i % WAYS;

        snprintf(bench->what, sizeof(bench->what), "%s", step_names[step]);
        snprintf(bench->variant, sizeof(bench->variant), "%s", ways[way].variant);
        snprintf(bench->size_name, sizeof(bench->size_name), "packet");
        snprintf(bench->size, sizeof(bench->size), "%s", ways[way].packet);
        bench->run = step == 1 ? run_pipeline : NULL;
        bench->time = step == 0 ? time_parser : step == 2 ? time_kernel : NULL;
        bench->context = &run->way[way];
    }
}

static void close_way(struct way *way)
{
    for (int load = 0; load < KERNEL_LOADS; load++)
        path_run_close(way->path[load]);
    free(way->pipeline);
    flow_table_free(way->table);
    memory_port_close(&way->port);
}

int bench_tunnels(int argc, char **argv)
{
    struct bench_options options;
    int status = kernel_bench_begin(&options, "tunnels", usage, argc, argv);

    if (status != 0)
        return status;
    struct tunnels_run *run = calloc(1, sizeof(*run));
    if (!run)
        return 1;
    policy_init(&run->policy, NULL);
    for (int i = 0; i < WAYS && status == 0; i++)
        status = open_way(run, i);
    if (status == 0) {
        make_rows(run);
        status = kernel_bench_measure(run->cases, ROWS, &options);
    }
    if (status == 0)
        bench_print(run->cases, ROWS, options.format, stdout);
    else
        fprintf(stderr, "afxdp-bench tunnels: %s\n", run->error.text);
    for (int i = 0; i < WAYS; i++)
        close_way(&run->way[i]);
    free(run);
    return status == 0 ? 0 : 1;
}
