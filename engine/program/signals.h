// SPDX-License-Identifier: BSD-2-Clause
/* What people and service managers tell a running engine by signal. */
#ifndef AFXDP_SIGNALS_H
#define AFXDP_SIGNALS_H

#include <stdbool.h>

/* From here on SIGINT and SIGTERM ask for the end, and so does SIGHUP unless it reloads; SIGUSR1
 * asks for a report. */
void signals_catch(bool hangup_reloads);

bool signals_end_wanted(void);

/* Whether a SIGHUP came since this said so last; however many came, one reload answers them. */
bool signals_reload_wanted(void);

/* The same of SIGUSR1. */
bool signals_report_wanted(void);

#endif
