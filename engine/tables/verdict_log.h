// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts FILE: one CSV row per packet, `index,class,confidence,action`, as a burst observer
 * that waits for the file: right for a capture (an interface has verdict_stream.h).
 *
 * `index` counts the packets that the pipeline received, from 0. Packets without a verdict have the
 * class `other` or `malformed`, or without a model "unclassified", and no confidence. */
#ifndef AFXDP_VERDICT_LOG_H
#define AFXDP_VERDICT_LOG_H

#include "pipeline.h"

#define VERDICT_ROW_HEADER "index,class,confidence,action\n"

enum { VERDICT_ROW_MAX = 128 }; /* of a row, its end and a NUL included */

/* How a row looks: the names of the classes, and whether they have a confidence. */
struct verdict_rows {
    char name[SLOTS][CLASS_NAME_SIZE];
    bool classified; /* there is a model */
};

void verdict_rows_init(struct verdict_rows *rows, const struct policy *policy, bool classified);

/* Prints a packet's row into `row` (VERDICT_ROW_MAX); its length. `classified`: the packet has a
 * verdict, of this confidence. */
size_t verdict_row_print(const struct verdict_rows *rows, char *row, uint64_t index, uint32_t slot,
                         uint32_t action, bool classified, uint16_t confidence);

struct verdict_log;

/* Creates the file ("-": standard output) and writes the header. `classified`: there is a model.
 * -errno of open. */
int verdict_log_open(struct verdict_log **out, const char *path, const struct policy *policy,
                     bool classified, struct error *error);

struct burst_observer *verdict_log_observer(struct verdict_log *log);

/* Writes out what is buffered and frees the log, also on failure: -errno of any write so far. */
int verdict_log_close(struct verdict_log *log, struct error *error);

#endif
