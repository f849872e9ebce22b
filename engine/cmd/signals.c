// SPDX-License-Identifier: BSD-2-Clause
#include "signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t ends;
static volatile sig_atomic_t reloads_asked; /* counted, so that none is lost while it is read */
static sig_atomic_t reloads_answered;

static void ask_for_end(int signal)
{
    (void)signal;
    ends = 1;
}

static void ask_for_reload(int signal)
{
    (void)signal;
    reloads_asked = (reloads_asked + 1) & 0xffff;
}

/* Without SA_RESTART where the end is asked for: a read of standard input must end too. */
void signals_catch(bool reloads)
{
    const struct sigaction end = {.sa_handler = ask_for_end};
    const struct sigaction reload = {.sa_handler = ask_for_reload, .sa_flags = SA_RESTART};

    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, reloads ? &reload : &end, NULL);
}

bool signals_end_wanted(void)
{
    return ends;
}

bool signals_reload_wanted(void)
{
    sig_atomic_t asked = reloads_asked;
    bool wanted = asked != reloads_answered;

    reloads_answered = asked;
    return wanted;
}
