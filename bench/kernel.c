// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench kernel: what a packet costs inside XDP, parse to verdict. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "dt_kernel.h"
#include "kernel_programs.h"
#include "kernel_time.h"
#include "nn_kernel.h"
#include "path_run.h"
#include "shapes.h"
#include "subcommands.h"

enum {
    ROWS_MAX = 72,
    INPUTS = 4096, /* for the thresholds of made trees */
};

static const char usage[] =
    "usage: afxdp-bench kernel [--json | --csv] [--rounds N] [--cpu N] [--model FILE.q8]\n"
    "ns per packet of every in-kernel form, by BPF_PROG_TEST_RUN: parse to verdict, net of a\n"
    "program that only drops (variant drop: its own time, gross), with source addresses that\n"
    "rotate over 1,024 flows, and with every packet a new flow; without a model and with some, "
    "over\n"
    "131,072 and 1,048,576 flows too. Needs root.\n";

/* Which flows packets are of, and the size of the table they are in. */
enum kernel_flows { FLOWS_FEW, FLOWS_NEW, FLOWS_MANY, FLOWS_MOST, FLOW_LOADS };

static const struct {
    const char *name;
    uint32_t mask; /* of their number */
    uint32_t table;
} flow_loads[FLOW_LOADS] = {
    [FLOWS_FEW] = {"1024", 1023, 1 << 15},
    [FLOWS_NEW] = {"new", UINT32_MAX, 1 << 15},
    [FLOWS_MANY] = {"131072", (1 << 17) - 1, 1 << 18},
    [FLOWS_MOST] = {"1048576", (1 << 20) - 1, 1 << 21},
};

/* 64 bytes of UDP over IPv4; the program itself changes the source address. */
static const uint8_t frame[64] = {
    2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30,
};

struct kernel_row {
    struct xdp_path *loads[KERNEL_LOADS];
};

struct kernel_run {
    struct bench_case cases[ROWS_MAX];
    struct kernel_row rows[ROWS_MAX];
    uint32_t count;
    /* Whose tables all others of the feature set share. */
    struct xdp_path *table[FEATURE_SET_2 + 1][FLOW_LOADS];
    struct error error;
};

static double time_frames(void *context)
{
    const struct kernel_row *row = context;
    int program[KERNEL_LOADS];

    for (int i = 0; i < KERNEL_LOADS; i++)
        program[i] = path_entry_fd(row->loads[i]);
    return kernel_time(program, frame, sizeof(frame));
}

/* A model to be opened, as often as asked. */
struct kernel_source {
    const char *what;
    int (*open)(struct path_program **out, const struct kernel_source *source, struct error *error);
    enum nn_form form;
    const void *model;
};

static int load(struct kernel_run *run, struct xdp_path **out, const struct kernel_source *source,
                enum kernel_flows flows)
{
    const struct path_settings settings = {
        .options = {.bench_mask = flow_loads[flows].mask,
                    .host_cells = HOST_CELLS_DEFAULT,
                    .host_rows = 1},
        .flows = flow_loads[flows].table,
        .timeout = 120 * UINT64_C(1000000000),
        .seed = 1,
    };
    const struct path_policy policy = {.action = {0}};
    struct path_program *program;
    uint32_t nanoseconds;
    int status = source->open(&program, source, &run->error);

    if (status != 0)
        return status;
    struct xdp_path **table = &run->table[program->feature_set][flows];
    uint32_t first = *table || flows == FLOWS_NEW ? 1 : flow_loads[flows].mask + 1; /* all begun */
    status = path_run_open(out, program, &settings, *table, &run->error); /* one runs at a time */
    if (status == 0 && !*table)
        *table = *out;
    if (status == 0)
        status = path_install(*out, source->model, &policy, &run->error);
    if (status == 0 && path_run_repeat(*out, frame, sizeof(frame), first, &nanoseconds) != 0)
        status = error_set(&run->error, -EIO, "BPF_PROG_TEST_RUN: %s", strerror(errno));
    return status;
}

static int add_row(struct kernel_run *run, const struct kernel_source *source,
                   enum kernel_flows flows)
{
    struct bench_case *bench = &run->cases[run->count];
    struct kernel_row *row = &run->rows[run->count++];

    for (int i = 0; i < KERNEL_LOADS; i++) {
        int status = load(run, &row->loads[i], source, flows);
        if (status != 0)
            return status;
    }
    snprintf(bench->what, sizeof(bench->what), "%s", source->what);
    snprintf(bench->variant, sizeof(bench->variant), "%s", row->loads[0]->program->form);
    snprintf(bench->size_name, sizeof(bench->size_name), "flows");
    snprintf(bench->size, sizeof(bench->size), "%s", flow_loads[flows].name);
    bench->time = time_frames;
    bench->context = row;
    return 0;
}

static int add(struct kernel_run *run, struct kernel_source source)
{
    int status = add_row(run, &source, FLOWS_FEW);

    return status == 0 ? add_row(run, &source, FLOWS_NEW) : status;
}

/* More flows than a cache holds. */
static int add_many(struct kernel_run *run, struct kernel_source source)
{
    int status = add_row(run, &source, FLOWS_MANY);

    return status == 0 ? add_row(run, &source, FLOWS_MOST) : status;
}

static int open_drop(struct path_program **out, const struct kernel_source *source,
                     struct error *error)
{
    (void)source;
    return kernel_drop_new(out, error);
}

static int open_none(struct path_program **out, const struct kernel_source *source,
                     struct error *error)
{
    (void)source;
    return path_none_new(out, error);
}

static int open_lru(struct path_program **out, const struct kernel_source *source,
                    struct error *error)
{
    (void)source;
    return kernel_lru_new(out, error);
}

static int open_nn(struct path_program **out, const struct kernel_source *source,
                   struct error *error)
{
    return nn_kernel_new(out, source->form, source->model, error);
}

static int open_dt(struct path_program **out, const struct kernel_source *source,
                   struct error *error)
{
    return dt_kernel_new(out, source->model, error);
}

static int add_plain(struct kernel_run *run)
{
    int status =
        add_row(run, &(struct kernel_source){.what = "xdp drop", .open = open_drop}, FLOWS_FEW);

    if (status == 0)
        status = add(run, (struct kernel_source){.what = "no model", .open = open_none});
    if (status == 0)
        status = add_many(run, (struct kernel_source){.what = "no model", .open = open_none});
    if (status == 0)
        status = add(run, (struct kernel_source){.what = "no model", .open = open_lru});
    return status;
}

static int add_nn(struct kernel_run *run, const char *what, const struct nn_model *model)
{
    int status = 0;

    for (int form = 0; status == 0 && form < NN_FORMS; form++) {
        status = add(run, (struct kernel_source){what, open_nn, (enum nn_form)form, model});
        if (status == -E2BIG && form == NN_FORM_SINGLE) { /* has no such form */
            run->count--;
            status = 0;
        }
    }
    return status;
}

static int add_dt(struct kernel_run *run, const char *what, const struct dt_model *model)
{
    return add(run, (struct kernel_source){.what = what, .open = open_dt, .model = model});
}

/* A tree and a network, in its fastest form. */
static int add_many_of(struct kernel_run *run, const struct dt_model *tree,
                       const struct nn_model *network)
{
    int status = add_many(
        run, (struct kernel_source){.what = "dt depth 10", .open = open_dt, .model = tree});

    return status ? status
                  : add_many(run, (struct kernel_source){"nn 12-32-32-5", open_nn, NN_FORM_SINGLE,
                                                         network});
}

static int add_shapes(struct kernel_run *run, uint32_t feature_set)
{
    bool first = feature_set == FEATURE_SET_1;
    uint32_t *inputs = calloc((size_t)INPUTS * feature_count(feature_set), sizeof(*inputs));
    struct nn_model *small = shape_nn(feature_set, 3, (uint32_t[]){16, 16, 2});
    struct nn_model *wide = shape_nn(feature_set, 3, (uint32_t[]){32, 32, 5});
    struct dt_model *tree = NULL;
    struct dt_model *forest = NULL;
    int status = -ENOMEM;

    if (inputs) {
        shape_features(inputs, feature_set, INPUTS);
        tree = shape_forest(feature_set, 1, 10, 5, inputs, INPUTS);
        forest = shape_forest(feature_set, 10, 10, 5, inputs, INPUTS);
    }
    if (small && wide && tree && forest)
        status = add_dt(run, first ? "dt depth 10" : "dt of 28 depth 10", tree);
    if (status == 0)
        status = add_nn(run, first ? "nn 12-16-16-2" : "nn 28-16-16-2", small);
    if (status == 0)
        status = add_nn(run, first ? "nn 12-32-32-5" : "nn 28-32-32-5", wide);
    if (status == 0)
        status = add_dt(run, first ? "dt 10 x depth 10" : "dt of 28 10 x depth 10", forest);
    if (status == 0 && first)
        status = add_many_of(run, tree, wide);
    free(inputs);
    free(small);
    free(wide);
    dt_model_free(tree);
    dt_model_free(forest);
    return status;
}

static int add_model(struct kernel_run *run, const char *name)
{
    struct q8 *file = NULL;
    int status = q8_read(&file, name, &run->error);

    if (status == 0 && file->kind == Q8_NN) {
        struct nn_model *model = NULL;

        status = nn_model_load(&model, file, &run->error);
        if (status == 0)
            status = add_nn(run, "nn", model);
        free(model);
    } else if (status == 0) {
        struct dt_model *model = NULL;

        status = dt_model_load(&model, file, &run->error);
        if (status == 0)
            status = add_dt(run, "dt", model);
        dt_model_free(model);
    }
    q8_free(file);
    return status;
}

/* Takes the drop row's time off the others. */
static void make_net(struct kernel_run *run)
{
    for (uint32_t i = 1; i < run->count; i++) {
        run->cases[i].ns -= run->cases[0].ns;
        run->cases[i].ns_low -= run->cases[0].ns;
        run->cases[i].ns_high -= run->cases[0].ns;
    }
}

int bench_kernel(int argc, char **argv)
{
    struct bench_options options;
    int status = kernel_bench_begin(&options, "kernel", usage, argc, argv);

    if (status != 0)
        return status;
    struct kernel_run *run = calloc(1, sizeof(*run));
    if (!run)
        return 1;
    status = add_plain(run);
    if (status == 0)
        status = options.model ? add_model(run, options.model) : add_shapes(run, FEATURE_SET_1);
    if (status == 0 && !options.model)
        status = add_shapes(run, FEATURE_SET_2);
    if (status == 0)
        status = kernel_bench_measure(run->cases, run->count, &options);
    if (status == 0) {
        make_net(run);
        bench_print(run->cases, run->count, options.format, stdout);
    } else {
        fprintf(stderr, "afxdp-bench kernel: %s\n", run->error.text);
    }
    for (uint32_t i = 0; i < run->count; i++) {
        for (int k = 0; k < KERNEL_LOADS; k++)
            path_run_close(run->rows[i].loads[k]);
    }
    free(run);
    return status == 0 ? 0 : 1;
}
