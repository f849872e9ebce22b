// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

uint64_t bench_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Cycles and instructions of this thread, where machine and permissions let them be read. */
static int counter_open(uint64_t config)
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attributes),
        .config = config,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };

    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t counter_read(int fd)
{
    uint64_t value;

    if (fd < 0 || read(fd, &value, sizeof(value)) != sizeof(value))
        return 0;
    return value;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double percentile(double *values, uint32_t count, uint32_t percent)
{
    qsort(values, count, sizeof(*values), ascending);
    return values[(uint64_t)(count - 1) * percent / 100];
}

double bench_median(double *values, uint32_t count)
{
    return percentile(values, count, 50);
}

void bench_summarise(struct bench_case *bench, double *ns, uint32_t rounds)
{
    bench->ns = percentile(ns, rounds, 50);
    bench->ns_low = percentile(ns, rounds, 10);
    bench->ns_high = percentile(ns, rounds, 90);
}

enum { NS, CYCLES, INSTRUCTIONS, MEASURES };

static void measure_once(const struct bench_case *bench, const int fds[MEASURES],
                         double sample[MEASURES])
{
    if (bench->time) {
        sample[NS] = bench->time(bench->context);
        sample[CYCLES] = sample[INSTRUCTIONS] = 0;
        return;
    }
    (void)bench->run(bench->context); /* caches and predictors are the other cases' */
    uint64_t before[MEASURES] = {bench_clock(), counter_read(fds[CYCLES]),
                                 counter_read(fds[INSTRUCTIONS])};
    uint64_t packets = bench->run(bench->context);
    uint64_t after[MEASURES] = {bench_clock(), counter_read(fds[CYCLES]),
                                counter_read(fds[INSTRUCTIONS])};

    for (int m = 0; m < MEASURES; m++)
        sample[m] = (double)(after[m] - before[m]) / (double)packets;
}

int bench_measure(struct bench_case *cases, size_t count, uint32_t rounds)
{
    int fds[MEASURES] = {-1, counter_open(PERF_COUNT_HW_CPU_CYCLES),
                         counter_open(PERF_COUNT_HW_INSTRUCTIONS)};
    double *samples = calloc(count * MEASURES * rounds, sizeof(*samples));
    int err = samples ? 0 : -ENOMEM;

    for (uint32_t round = 0; round <= rounds && !err; round++) {
        for (size_t c = 0; c < count; c++) {
            double sample[MEASURES];

            measure_once(&cases[c], fds, sample);
            for (int m = 0; m < MEASURES && round > 0; m++)
                samples[(c * MEASURES + (size_t)m) * rounds + round - 1] = sample[m];
        }
    }
    for (size_t c = 0; c < count && !err; c++) {
        double *of_case = samples + c * MEASURES * rounds;

        bench_summarise(&cases[c], of_case, rounds);
        cases[c].cycles = percentile(of_case + rounds, rounds, 50);
        cases[c].instructions = percentile(of_case + 2 * rounds, rounds, 50);
    }
    free(samples);
    for (int m = CYCLES; m < MEASURES; m++) {
        if (fds[m] >= 0)
            close(fds[m]);
    }
    return err;
}
