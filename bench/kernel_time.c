// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_time.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

enum { FRAMES_PER_RUN = 100000 };

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The kernel keeps the time: a call's own set-up takes 30 ms. */
double kernel_time(const int program[KERNEL_LOADS], const void *frame, uint32_t length)
{
    uint32_t nanoseconds[KERNEL_LOADS];

    for (int i = 0; i < KERNEL_LOADS; i++) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
                    .repeat = FRAMES_PER_RUN);

        if (bpf_prog_test_run_opts(program[i], &options) != 0)
            abort(); /* it ran when it was loaded */
        nanoseconds[i] = options.duration;
    }
    qsort(nanoseconds, KERNEL_LOADS, sizeof(*nanoseconds), ascending);
    const int middle = KERNEL_LOADS / 2;

    return nanoseconds[middle];
}

static void stay_on_cpu(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

int kernel_bench_begin(struct bench_options *options, const char *what, const char *usage, int argc,
                       char **argv)
{
    if (bench_options_read(options, usage, argc, argv))
        return 2;
    if (geteuid() != 0) {
        fprintf(stderr, "afxdp-bench %s: loading XDP programs needs root\n", what);
        return 1;
    }
    if (options->cpu < 0)
        stay_on_cpu();
    return 0;
}

int kernel_bench_measure(struct bench_case *cases, size_t count,
                         const struct bench_options *options)
{
    return bench_measure(cases, count,
                         (options->rounds + KERNEL_ROUNDS_SHARE - 1) / KERNEL_ROUNDS_SHARE);
}
