// SPDX-License-Identifier: BSD-2-Clause
#include "signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t ends;

/* What is asked for again and again: counted, so that none is lost while it is read. */
struct wish {
    volatile sig_atomic_t asked;
    sig_atomic_t answered;
};

static struct wish reloads, reports;

static void ask_for_end(int signal)
{
    (void)signal;
    ends = 1;
}

static void ask_for_reload(int signal)
{
    (void)signal;
    reloads.asked = (reloads.asked + 1) & 0xffff;
}

static void ask_for_report(int signal)
{
    (void)signal;
    reports.asked = (reports.asked + 1) & 0xffff;
}

/* Without SA_RESTART where the end is asked for: a read of standard input must end too. */
void signals_catch(bool hangup_reloads)
{
    const struct sigaction end = {.sa_handler = ask_for_end};
    const struct sigaction reload = {.sa_handler = ask_for_reload, .sa_flags = SA_RESTART};
    const struct sigaction report = {.sa_handler = ask_for_report, .sa_flags = SA_RESTART};

    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, hangup_reloads ? &reload : &end, NULL);
    sigaction(SIGUSR1, &report, NULL);
}

bool signals_end_wanted(void)
{
    return ends;
}

static bool is_wanted(struct wish *wish)
{
    sig_atomic_t asked = wish->asked;
    bool wanted = asked != wish->answered;

    wish->answered = asked;
    return wanted;
}

bool signals_reload_wanted(void)
{
    return is_wanted(&reloads);
}

bool signals_report_wanted(void)
{
    return is_wanted(&reports);
}
