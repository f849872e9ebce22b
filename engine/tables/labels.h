// SPDX-License-Identifier: BSD-2-Clause
/* The true class of each packet of a capture: the same for all, by packet, or by flow table.
 *
 * By packet, a CSV file with the header `index,label`. By flow table, one with any of the columns
 *
 *     start,end,protocol,source,destination,source_port,destination_port,source_mac,
 *     destination_mac,label
 *
 * of which only `label` is required. An empty cell matches anything, a row matches a packet either
 * way round, times are Unix seconds with a fraction, both included, protocol is the IP protocol's
 * number. The first row that matches wins. */
#ifndef AFXDP_LABELS_H
#define AFXDP_LABELS_H

#include "error.h"
#include "packet.h"
#include "port.h"

struct labels;

/* Every packet has this label. */
int labels_new(struct labels **out, const char *label, struct error *error);

/* Reads a file of either kind ("-": standard input); its header tells which. -EINVAL names the
 * line. */
int labels_read(struct labels **out, const char *path, struct error *error);

/* The label of a packet, by its index in the capture, its frame and its parsed fields; NULL where
 * it has none. Owned by `labels`. */
const char *labels_find(const struct labels *labels, uint64_t index, const struct frame *frame,
                        const struct packet *packet);

void labels_free(struct labels *labels); /* takes NULL */

#endif
