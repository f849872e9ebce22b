// SPDX-License-Identifier: BSD-2-Clause
/* Subcommands that bring other programs and other languages together are scripts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subcommands.h"

static int run_script(char *path, char **argv)
{
    argv[0] = path;
    setenv("AFXDP_BUILD", AFXDP_BENCH_BUILD, 0);
    execv(path, argv);
    fprintf(stderr, "afxdp-bench: cannot run %s: %s (it needs the source tree)\n", path,
            strerror(errno));
    return 1;
}

int bench_wire(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/wire.py", argv);
}

int bench_kernel_wire(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/kernel_wire.py", argv);
}

int bench_watched(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/watched.py", argv);
}

int bench_shunts(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/shunts.py", argv);
}

int bench_alternatives(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/alternatives.py", argv);
}

int bench_capture(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/capture.py", argv);
}

int bench_report(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/report.py", argv);
}

int bench_latency(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/latency.py", argv);
}

int bench_lossless(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/lossless.py", argv);
}
