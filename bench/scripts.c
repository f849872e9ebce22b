// SPDX-License-Identifier: BSD-2-Clause
/* Subcommands that bring other programs and other languages together are scripts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subcommands.h"

int bench_script(const char *name, char **argv)
{
    char path[sizeof(AFXDP_BENCH_SCRIPTS) + 32];

    snprintf(path, sizeof(path), "%s/%s.py", AFXDP_BENCH_SCRIPTS, name);
    for (char *at = path + sizeof(AFXDP_BENCH_SCRIPTS); *at; at++)
        *at = *at == '-' ? '_' : *at;
    argv[0] = path;
    setenv("AFXDP_BUILD", AFXDP_BENCH_BUILD, 0);
    execv(path, argv);
    fprintf(stderr, "afxdp-bench: cannot run %s: %s (it needs the source tree)\n", path,
            strerror(errno));
    return 1;
}
