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

/* A script of the source tree: bench/wire.py for "wire", bench/kernel_wire.py for "kernel-wire". */
int bench_script(const char *name, char **argv);

#endif
