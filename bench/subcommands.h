// SPDX-License-Identifier: BSD-2-Clause
/* The subcommands of afxdp-bench: argv[0] is the subcommand's name, the return value the exit
 * status (0 done, 1 failed, 2 bad usage or input). */
#ifndef AFXDP_BENCH_SUBCOMMANDS_H
#define AFXDP_BENCH_SUBCOMMANDS_H

int bench_classify(int argc, char **argv);
int bench_pipeline(int argc, char **argv);
int bench_stages(int argc, char **argv);
int bench_hosts(int argc, char **argv);
int bench_kernel(int argc, char **argv);
int bench_bypass(int argc, char **argv);
int bench_acts(int argc, char **argv);
int bench_tunnels(int argc, char **argv);

/* Scripts of the source tree, named alike: bench/wire.py and so on. */
int bench_wire(int argc, char **argv);
int bench_lossless(int argc, char **argv);
int bench_latency(int argc, char **argv);
int bench_kernel_wire(int argc, char **argv);
int bench_watched(int argc, char **argv);
int bench_shunts(int argc, char **argv);
int bench_alternatives(int argc, char **argv);
int bench_capture(int argc, char **argv);
int bench_report(int argc, char **argv);

#endif
