// SPDX-License-Identifier: BSD-2-Clause
/* How long XDP programs take, by BPF_PROG_TEST_RUN. */
#ifndef AFXDP_BENCH_KERNEL_TIME_H
#define AFXDP_BENCH_KERNEL_TIME_H

#include <stdint.h>

#include "bench.h"

/* Where a program happens to lie in memory can cost it a third of its speed: on Zen, pages of code
 * whose addresses hash alike push each other out of the instruction cache. So each row is the
 * median of several loads of its program, and a third of the rounds will do. */
enum { KERNEL_LOADS = 3, KERNEL_ROUNDS_SHARE = 3 };

/* ns of one frame; `program`: descriptors of the loads. Ends the process where one can't run. */
double kernel_time(const int program[KERNEL_LOADS], const void *frame, uint32_t length);

/* Reads the options of `afxdp-bench WHAT` and begins: 0, or the exit status with which it is over.
 * Flow tables and counters are each CPU's own: the thread stays on one, also without --cpu. */
int kernel_bench_begin(struct bench_options *options, const char *what, const char *usage, int argc,
                       char **argv);

/* bench_measure, with that share of the rounds. */
int kernel_bench_measure(struct bench_case *cases, size_t count,
                         const struct bench_options *options);

#endif
