// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench acts: what blocks and shunts cost a packet inside the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernel_programs.h"
#include "kernel_time.h"
#include "path_run.h"
#include "subcommands.h"

enum { FLOWS = 1 << 15, SOURCES = 1024, HOSTS = 65536, SECONDS = 3600 };

static const char usage[] =
    "usage: afxdp-bench acts [--json | --csv] [--rounds N] [--cpu N]\n"
    "ns per packet inside the kernel, without a model, with blocks and shunts given or not, by\n"
    "BPF_PROG_TEST_RUN, net of a program that only drops: of sources that aren't blocked and "
    "flows\n"
    "that aren't shunted, of blocked ones, of shunted ones. 1,024 sources take turns, 65,536 are\n"
    "blocked. Needs root.\n";

/* 64 bytes of UDP over IPv4; the program itself changes the source address. */
static const uint8_t frame[64] = {
    2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30,
};

static const struct acts_kind {
    const char *what, *packet;
    bool drops; /* only */
    bool blocks, shunts;
    bool acts; /* on these packets */
} kinds[] = {
    {.what = "xdp drop", .packet = "any", .drops = true},
    {.what = "no model", .packet = "judged"},
    {.what = "with blocks", .packet = "judged", .blocks = true},
    {.what = "with blocks", .packet = "blocked", .blocks = true, .acts = true},
    {.what = "with shunts", .packet = "judged", .shunts = true},
    {.what = "with shunts", .packet = "shunted", .shunts = true, .acts = true},
    {.what = "with both", .packet = "judged", .blocks = true, .shunts = true},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct acts_row {
    struct xdp_path *loads[KERNEL_LOADS];
    struct blocked blocked[KERNEL_LOADS];
    struct shunted shunted[KERNEL_LOADS];
};

struct acts_run {
    struct acts_row rows[KINDS];
    struct bench_case cases[KINDS];
    struct error error;
};

/* Sources are the numbers from 0 on; those whose packets are to be judged aren't among these. */
static int fill_blocks(const struct blocked *blocked, bool with_sources, struct error *error)
{
    for (uint32_t i = 0; i < HOSTS; i++) {
        uint64_t address = i + (with_sources ? 0 : SOURCES);
        const struct block_key host = {.high = address << 32, .version = 4};
        int status = blocked_add(blocked, &host, 1);

        if (status != 0)
            return error_set(error, status, "cannot block a host: %s", strerror(-status));
    }
    return 0;
}

static int open_maps(struct acts_row *row, int load, const struct acts_kind *kind,
                     struct error *error)
{
    row->shunted[load] =
        (struct shunted){.map = -1, .every = UINT32_MAX, .ns = SECONDS * UINT64_C(1000000000)};
    int status = kind->blocks ? blocked_open(&row->blocked[load], HOSTS, error) : 0;

    if (status == 0 && kind->blocks)
        status = fill_blocks(&row->blocked[load], kind->acts, error);
    if (status == 0 && kind->shunts)
        status = shunted_open(&row->shunted[load], HOSTS, error);
    return status;
}

static int load_one(struct acts_run *run, uint32_t which, int load)
{
    const struct acts_kind *kind = &kinds[which];
    struct acts_row *row = &run->rows[which];
    const struct path_settings settings = {
        .options = {.bench_mask = SOURCES - 1,
                    .blocks = kind->blocks,
                    .proving = kind->blocks,
                    .shunts = kind->shunts,
                    .shunt_every = row->shunted[load].every,
                    .shunt_ns = row->shunted[load].ns},
        .blocked = kind->blocks ? &row->blocked[load] : NULL,
        .shunted = kind->shunts ? &row->shunted[load] : NULL,
        .flows = FLOWS,
        .timeout = SECONDS * UINT64_C(1000000000),
        .seed = 1,
    };
    const struct path_policy policy = {.shunt_after = {kind->acts && kind->shunts}};
    struct path_program *program;
    uint32_t nanoseconds;
    int status =
        kind->drops ? kernel_drop_new(&program, &run->error) : path_none_new(&program, &run->error);

    if (status == 0)
        status = path_run_open(&row->loads[load], program, &settings, NULL, &run->error);
    if (status == 0)
        status = path_install(row->loads[load], NULL, &policy, &run->error);
    /* Each source once: from the second of its packets on a flow is shunted. */
    if (status == 0 &&
        path_run_repeat(row->loads[load], frame, sizeof(frame), SOURCES, &nanoseconds) != 0)
        status = error_set(&run->error, -EIO, "BPF_PROG_TEST_RUN: %s", strerror(errno));
    return status;
}

static double time_row(void *context)
{
    const struct acts_row *row = context;
    int program[KERNEL_LOADS];

    for (int i = 0; i < KERNEL_LOADS; i++)
        program[i] = path_entry_fd(row->loads[i]);
    return kernel_time(program, frame, sizeof(frame));
}

static int add_row(struct acts_run *run, uint32_t which)
{
    struct bench_case *bench = &run->cases[which];

    for (int load = 0; load < KERNEL_LOADS; load++) {
        int status = open_maps(&run->rows[which], load, &kinds[which], &run->error);
        if (status == 0)
            status = load_one(run, which, load);
        if (status != 0)
            return status;
    }
    snprintf(bench->what, sizeof(bench->what), "in the kernel");
    snprintf(bench->variant, sizeof(bench->variant), "%s", kinds[which].what);
    snprintf(bench->size_name, sizeof(bench->size_name), "packet");
    snprintf(bench->size, sizeof(bench->size), "%s", kinds[which].packet);
    bench->time = time_row;
    bench->context = &run->rows[which];
    return 0;
}

static void make_net(struct acts_run *run)
{
    for (uint32_t i = 1; i < KINDS; i++) {
        run->cases[i].ns -= run->cases[0].ns;
        run->cases[i].ns_low -= run->cases[0].ns;
        run->cases[i].ns_high -= run->cases[0].ns;
    }
}

static void close_all(struct acts_run *run)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        for (int load = 0; load < KERNEL_LOADS; load++) {
            path_run_close(run->rows[i].loads[load]);
            blocked_close(&run->rows[i].blocked[load]);
            shunted_close(&run->rows[i].shunted[load]);
        }
    }
}

int bench_acts(int argc, char **argv)
{
    struct bench_options options;
    int status = kernel_bench_begin(&options, "acts", usage, argc, argv);

    if (status != 0)
        return status;
    struct acts_run *run = calloc(1, sizeof(*run));
    if (!run)
        return 1;
    for (uint32_t i = 0; i < KINDS; i++)
        for (int load = 0; load < KERNEL_LOADS; load++)
            run->rows[i].blocked[load].map = run->rows[i].shunted[load].map = -1;
    for (uint32_t i = 0; status == 0 && i < KINDS; i++)
        status = add_row(run, i);
    if (status == 0)
        status = kernel_bench_measure(run->cases, KINDS, &options);
    if (status == 0) {
        make_net(run);
        bench_print(run->cases, KINDS, options.format, stdout);
    } else {
        fprintf(stderr, "afxdp-bench acts: %s\n", run->error.text);
    }
    close_all(run);
    free(run);
    return status == 0 ? 0 : 1;
}
