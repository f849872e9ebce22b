// SPDX-License-Identifier: BSD-2-Clause
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "confine.h"
#include "confine_private.h"

enum { CALLS = 512, NAME = 40 };

/* Looked up beforehand: a handler may not allocate. */
static char name_of[CALLS][NAME];
static const char *teller;

static size_t put(char *line, size_t length, size_t most, const char *text)
{
    while (*text && length < most)
        line[length++] = *text++;
    return length;
}

static void forbidden(int signal, siginfo_t *info, void *context)
{
    int call = info->si_syscall;
    const char *what = call >= 0 && call < CALLS && name_of[call][0] ? name_of[call] : "unknown";
    char line[256];
    size_t length = 0;

    (void)signal;
    (void)context;
    length = put(line, length, sizeof(line), teller);
    length = put(line, length, sizeof(line), ": ");
    length = put(line, length, sizeof(line), confine_who);
    length = put(line, length, sizeof(line), " made the forbidden system call ");
    length = put(line, length, sizeof(line), what);
    length =
        put(line, length, sizeof(line),
            ", as if it had been taken over: the engine ends, the wire stays as after a kill\n");
    (void)!write(STDERR_FILENO, line, length);
    _exit(1);
}

void confine_tell(const char *program)
{
    const struct sigaction action = {.sa_sigaction = forbidden, .sa_flags = SA_SIGINFO};

    teller = program;
    for (int call = 0; call < CALLS; call++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

        if (name)
            snprintf(name_of[call], NAME, "%s", name);
        free(name);
    }
    sigaction(SIGSYS, &action, NULL);
}
