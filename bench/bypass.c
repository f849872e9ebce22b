// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench bypass: what --bypass costs each packet, in the program in front of the rings and in
 * the path inside the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "kernel_time.h"
#include "load.h"
#include "path_run.h"
#include "redirect_abi.h"
#include "subcommands.h"

#include "redirect.skel.h"

enum { PROGRAMS = 2, LISTS = 3, FRAMES = 3, ROWS = PROGRAMS * LISTS * FRAMES, FRAME_SIZE = 64 };

static const char usage[] =
    "usage: afxdp-bench bypass [--json | --csv] [--rounds N] [--cpu N]\n"
    "ns per packet with and without --bypass, by BPF_PROG_TEST_RUN: `rings` is the program that\n"
    "hands packets to AF_XDP, here without a socket; `in the kernel` the path without a model. "
    "The\n"
    "packet is no service's (other), a later fragment of none (fragment), or the first named\n"
    "service's (service). Needs root.\n";

/* UDP over IPv4 from port 12345 to 53; a fragment; the same to port 5000. */
static const uint8_t frames[FRAMES][FRAME_SIZE] = {
    {2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
     0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30},
    {2,  0, 0, 0, 0,  1,  2,  0, 0, 0,  0, 2, 8, 0,   0x45, 0, 0,
     50, 0, 7, 0, 20, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0,    2, 1},
    {2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0,    50,   0, 0,
     0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0x13, 0x88, 0, 30},
};
static const char *const frame_names[FRAMES] = {"other", "fragment", "service"};
static const char *const program_names[PROGRAMS] = {"rings", "in the kernel"};
static const char *const list_names[LISTS] = {"no --bypass", "1 service", "16 services"};

/* One program with one list, loaded several times. */
struct bypass_program {
    struct redirect_bpf *redirect[KERNEL_LOADS];
    struct xdp_path *path[KERNEL_LOADS];
    int descriptor[KERNEL_LOADS];
};

struct bypass_row {
    const struct bypass_program *program;
    const uint8_t *frame;
};

struct bypass_run {
    struct bypass_program programs[PROGRAMS][LISTS];
    struct bypass_row rows[ROWS];
    struct bench_case cases[ROWS];
    struct error error;
};

/* No service, UDP port 5000, or that and fifteen behind it. */
static struct bypass make_list(int number)
{
    struct bypass list = {.count = number == 2 ? BYPASS_MAX : (uint32_t)number};

    for (uint32_t i = 0; i < list.count; i++)
        list.service[i] = (struct bypass_service){.port = (uint16_t)(5000 + i), .protocol = 17};
    return list;
}

static int load_redirect(struct bypass_program *program, int load, const struct bypass *list,
                         struct error *error)
{
    struct redirect_bpf *redirect = redirect_bpf__open();

    if (!redirect)
        return error_set(error, -errno, "the redirect program can't be opened: %s",
                         strerror(errno));
    program->redirect[load] = redirect;
    redirect->rodata->bypass = *list;
    (void)bpf_map__set_autocreate(redirect->maps.bypass_datagrams, list->count > 0);
    int status = xdp_load(redirect->obj, error);
    if (status == 0)
        program->descriptor[load] = bpf_program__fd(redirect->progs.afxdp_redirect);
    return status;
}

static int load_path(struct bypass_program *program, int load, const struct bypass *list,
                     struct error *error)
{
    const struct path_settings settings = {
        .options = {.bypass = *list}, .flows = 1 << 15, .timeout = UINT64_C(1) << 40, .seed = 1};
    const struct path_policy policy = {.action = {0}};
    struct path_program *opened;
    int status = path_none_new(&opened, error);

    if (status == 0)
        status = path_run_open(&program->path[load], opened, &settings, NULL, error);
    if (status == 0)
        status = path_install(program->path[load], NULL, &policy, error);
    if (status == 0)
        program->descriptor[load] = path_entry_fd(program->path[load]);
    return status;
}

static double time_row(void *context)
{
    const struct bypass_row *row = context;

    return kernel_time(row->program->descriptor, row->frame, FRAME_SIZE);
}

static int load_all(struct bypass_run *run)
{
    for (int list = 0; list < LISTS; list++) {
        const struct bypass bypass = make_list(list);

        for (int load = 0; load < KERNEL_LOADS; load++) {
            int status = load_redirect(&run->programs[0][list], load, &bypass, &run->error);
            if (status == 0)
                status = load_path(&run->programs[1][list], load, &bypass, &run->error);
            if (status != 0)
                return status;
        }
    }
    return 0;
}

static void make_rows(struct bypass_run *run)
{
    for (int i = 0; i < ROWS; i++) {
        int program = i / (LISTS * FRAMES);
        int list = i % LISTS;
        int frame = i / LISTS % FRAMES;
        struct bench_case *bench = &run->cases[i];

        run->rows[i] = (struct bypass_row){&run->programs[program][list], frames[frame]};
        snprintf(bench->what, sizeof(bench->what), "%s", program_names[program]);
        snprintf(bench->variant, sizeof(bench->variant), "%s", list_names[list]);
        snprintf(bench->size_name, sizeof(bench->size_name), "packet");
        snprintf(bench->size, sizeof(bench->size), "%s", frame_names[frame]);
        bench->time = time_row;
        bench->context = &run->rows[i];
    }
}

static void close_all(struct bypass_run *run)
{
    for (int list = 0; list < LISTS; list++) {
        for (int load = 0; load < KERNEL_LOADS; load++) {
            redirect_bpf__destroy(run->programs[0][list].redirect[load]);
            path_run_close(run->programs[1][list].path[load]);
        }
    }
}

int bench_bypass(int argc, char **argv)
{
    struct bench_options options;
    int status = kernel_bench_begin(&options, "bypass", usage, argc, argv);

    if (status != 0)
        return status;
    struct bypass_run *run = calloc(1, sizeof(*run));
    if (!run)
        return 1;
    status = load_all(run);
    if (status == 0) {
        make_rows(run);
        status = kernel_bench_measure(run->cases, ROWS, &options);
    }
    if (status == 0)
        bench_print(run->cases, ROWS, options.format, stdout);
    else
        fprintf(stderr, "afxdp-bench bypass: %s\n", run->error.text);
    close_all(run);
    free(run);
    return status == 0 ? 0 : 1;
}
