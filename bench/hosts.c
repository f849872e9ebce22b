// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench hosts: what several workers under one flood cost each other in the host memory. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu.h"
#include "memory_port.h"
#include "nn.h"
#include "pipeline.h"
#include "shapes.h"
#include "subcommands.h"

enum {
    WORKERS_MAX = 64,
    FRAMES = 4096,
    RUN_PACKETS = 1 << 20, /* of each worker */
    FLOWS = 1 << 16,
    WAYS_MAX = 16,
};

static const char usage[] =
    "usage: afxdp-bench hosts [--json | --csv] [--rounds N]\n"
    "ns per packet of workers that take a flood, from ever new addresses to one host, with the\n"
    "network 28-32-32-5: one alone, and 2, 4, ... on as many cores, with a host memory each and\n"
    "with one for all. The last two differ by what the workers' changes to the victim's words "
    "cost\n"
    "the others. Each run begins a window of the memory, whose counters aren't full yet. Means "
    "over\n"
    "the workers, medians over N rounds (31), all interleaved.\n";

struct bench_worker {
    struct pipeline *pipeline;
    struct route route;
    struct memory_port port;
    struct stats stats;
    pthread_barrier_t *begin;
    pthread_t thread;
    size_t core;
    double ns;
};

struct hosts_bench {
    struct bench_worker workers[WORKERS_MAX];
    uint32_t worker_count;
    struct host_tables *hosts[WORKERS_MAX];
    struct classifier *classifier;
    struct policy policy;
    uint64_t window; /* that the next run begins in */
};

/* How the workers of a row run. */
struct way {
    struct hosts_bench *bench;
    uint32_t workers;
    bool one_memory;
};

static void *work(void *context)
{
    struct bench_worker *worker = context;
    uint64_t done = 0;

    pthread_barrier_wait(worker->begin);
    uint64_t start = bench_clock();
    while (done < RUN_PACKETS)
        done += (uint64_t)pipeline_run(worker->pipeline, &worker->route);
    worker->ns = (double)(bench_clock() - start) / (double)done;
    return NULL;
}

/* The mean of the workers, ns per packet. */
static double flood(void *context)
{
    const struct way *way = context;
    struct hosts_bench *bench = way->bench;
    pthread_barrier_t begin;
    double sum = 0;

    pthread_barrier_init(&begin, NULL, way->workers);
    bench->window += 2;
    for (uint32_t i = 0; i < way->workers; i++) {
        struct bench_worker *worker = &bench->workers[i];
        cpu_set_t core;

        worker->pipeline->hosts = bench->hosts[way->one_memory ? 0 : i];
        worker->port.time = bench->window << HOST_WINDOW_SHIFT;
        worker->begin = &begin;
        if (pthread_create(&worker->thread, NULL, work, worker))
            abort(); /* no thread: a figure would mean nothing */
        CPU_ZERO(&core);
        CPU_SET(worker->core, &core);
        pthread_setaffinity_np(worker->thread, sizeof(core), &core);
    }
    for (uint32_t i = 0; i < way->workers; i++) {
        pthread_join(bench->workers[i].thread, NULL);
        sum += bench->workers[i].ns;
    }
    pthread_barrier_destroy(&begin);
    return sum / way->workers;
}

static int worker_open(struct bench_worker *worker, struct hosts_bench *bench, uint32_t number,
                       struct error *error)
{
    struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;
    struct host_tables_options hosts = HOST_TABLES_OPTIONS_DEFAULT;

    options.flows = FLOWS;
    options.ready = hosts.ready = true;
    options.fixed_seed = hosts.fixed_seed = true;
    worker->pipeline = pipeline_new();
    if (!worker->pipeline)
        return -ENOMEM;
    int err = flow_table_new(&worker->pipeline->table, &options, error);
    if (!err)
        err = host_tables_new(&bench->hosts[number], &hosts, error);
    if (!err)
        err = memory_port_open(&worker->port, FRAMES, true);
    if (err)
        return err;
    worker->port.delivered = (uint64_t)number << 25; /* other addresses than the others */
    worker->pipeline->classifier = bench->classifier;
    worker->pipeline->policy = &bench->policy;
    worker->route = (struct route){.in = &worker->port.port, .stats = &worker->stats};
    return 0;
}

static int hosts_bench_open(struct hosts_bench *bench, struct error *error)
{
    struct nn_model *model = shape_nn(FEATURE_SET_2, 3, (uint32_t[]){32, 32, 5});
    cpu_set_t cores;
    int err = model ? 0 : -ENOMEM;

    for (size_t variant = nn_variant_count(); !err && variant-- > 0 && !bench->classifier;) {
        if (nn_variant_offered(variant, cpu_levels()))
            (void)nn_variant_new(&bench->classifier, variant, model, NULL);
    }
    free(model);
    if (!bench->classifier)
        return -ENOMEM;
    policy_init(&bench->policy, NULL);
    if (sched_getaffinity(0, sizeof(cores), &cores))
        return -errno;
    for (size_t core = 0; !err && core < CPU_SETSIZE && bench->worker_count < WORKERS_MAX; core++) {
        if (!CPU_ISSET(core, &cores))
            continue;
        bench->workers[bench->worker_count].core = core;
        err = worker_open(&bench->workers[bench->worker_count], bench, bench->worker_count, error);
        bench->worker_count++;
    }
    return err;
}

static void hosts_bench_close(struct hosts_bench *bench)
{
    for (uint32_t i = 0; i < bench->worker_count; i++) {
        if (bench->workers[i].pipeline)
            flow_table_free(bench->workers[i].pipeline->table);
        free(bench->workers[i].pipeline);
        memory_port_close(&bench->workers[i].port);
        host_tables_free(bench->hosts[i]);
    }
    if (bench->classifier)
        bench->classifier->destroy(bench->classifier);
    free(bench);
}

static size_t rows_of(struct hosts_bench *bench, struct bench_case cases[], struct way ways[])
{
    size_t count = 0;

    for (uint32_t workers = 1; workers <= bench->worker_count && count < WAYS_MAX; workers *= 2) {
        for (int one_memory = workers == 1; one_memory <= 1; one_memory++) {
            ways[count] = (struct way){bench, workers, one_memory};
            cases[count] =
                (struct bench_case){.size_name = "workers", .time = flood, .context = &ways[count]};
            snprintf(cases[count].what, sizeof(cases[count].what), "%s",
                     one_memory ? "one memory" : "a memory each");
            snprintf(cases[count].variant, sizeof(cases[count].variant), "%s",
                     bench->classifier->variant);
            snprintf(cases[count].size, sizeof(cases[count].size), "%u", workers);
            count++;
        }
    }
    return count;
}

int bench_hosts(int argc, char **argv)
{
    struct bench_case cases[WAYS_MAX];
    struct way ways[WAYS_MAX];
    struct bench_options options;
    struct error error = {"no memory"};

    if (bench_options_read(&options, usage, argc, argv))
        return 2;
    struct hosts_bench *bench = calloc(1, sizeof(*bench));
    if (!bench)
        return 1;
    int err = hosts_bench_open(bench, &error);
    if (!err) {
        size_t count = rows_of(bench, cases, ways);
        err = bench_measure(cases, count, options.rounds);
        if (!err)
            bench_print(cases, count, options.format, stdout);
    }
    if (err)
        fprintf(stderr, "afxdp-bench hosts: %s\n", error.text);
    hosts_bench_close(bench);
    return err ? 1 : 0;
}
