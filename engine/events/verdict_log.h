// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts FILE of a capture: a row per packet (verdict_row.h), by a burst observer that waits
 * for the file (an interface has verdict_stream.h). */
#ifndef AFXDP_VERDICT_LOG_H
#define AFXDP_VERDICT_LOG_H

#include "pipeline.h"

struct verdict_log;

/* Creates the file ("-": standard output) and writes the header. `classified`: there is a model.
 * -errno of open. */
int verdict_log_open(struct verdict_log **out, const char *path, const struct policy *policy,
                     bool classified, struct error *error);

struct burst_observer *verdict_log_observer(struct verdict_log *log);

/* Writes out what is buffered and frees the log, also on failure: -errno of any write so far. */
int verdict_log_close(struct verdict_log *log, struct error *error);

#endif
