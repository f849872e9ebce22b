// SPDX-License-Identifier: BSD-2-Clause
/* Subcommands that bring other programs and other languages together are scripts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "subcommands.h"

static int run_script(char *path, char **argv)
{
    argv[0] = path;
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

int bench_alternatives(int argc, char **argv)
{
    (void)argc;
    return run_script(AFXDP_BENCH_SCRIPTS "/alternatives.py", argv);
}
