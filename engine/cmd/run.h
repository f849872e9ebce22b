// SPDX-License-Identifier: BSD-2-Clause
/* What every run has, whatever its datapath: an end by signal, a clock, a report. */
#ifndef AFXDP_RUN_H
#define AFXDP_RUN_H

#include <stdbool.h>

#include "engine_options.h"
#include "model_open.h"
#include "report.h"

/* SIGINT and SIGTERM end the run: from here on they only make run_interrupted true, and end a
 * system call that waits. */
void run_catch_signals(void);
bool run_interrupted(void);

/* Has SIGHUP ask for the model file to be read again, and tells, once, whether it did. */
void run_catch_reload(void);
bool run_reload_wanted(void);

/* Monotonic seconds. */
double run_clock(void);

/* Fills in what options and model say, and prints the report as the options ask. The exit status:
 * `status`, or, where that was EXIT_DONE and the report can't be written, EXIT_FAILED. */
int run_report(struct report *report, const struct engine_options *options,
               const struct model *model, int status);

#endif
