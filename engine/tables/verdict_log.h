// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts FILE: one CSV row per packet, `index,class,confidence,action`, as a burst observer.
 *
 * `index` counts the packets that the pipeline received, from 0. Packets without a verdict have the
 * class `other` or `malformed`, or without a model "unclassified", and no confidence. */
#ifndef AFXDP_VERDICT_LOG_H
#define AFXDP_VERDICT_LOG_H

#include "pipeline.h"

struct verdict_log;

/* Creates the file ("-": standard output) and writes the header. `classified`: there is a model.
 * -errno of open. */
int verdict_log_open(struct verdict_log **out, const char *path, const struct policy *policy,
                     bool classified, struct error *error);

struct burst_observer *verdict_log_observer(struct verdict_log *log);

/* Writes the next packet's row. `classified`: it has a verdict, of this confidence. */
void verdict_log_row(struct verdict_log *log, uint32_t slot, uint32_t action, bool classified,
                     uint16_t confidence);

/* Writes out what is buffered and frees the log, also on failure: -errno of any write so far. */
int verdict_log_close(struct verdict_log *log, struct error *error);

#endif
