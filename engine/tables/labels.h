// SPDX-License-Identifier: BSD-2-Clause
/* The true class of each packet of a capture: the same for all, by packet, or by flow table.
 *
 * By packet, a CSV file with the header `index,label`. By flow table, one with any of the columns
 *
 *     start,end,protocol,source,destination,source_port,destination_port,source_mac,
 *     destination_mac,label
 *
 * of which only `label` is required, or another tool's as it writes it (docs/labels.md). An empty
 * cell matches anything, a row matches a packet either way round, times are Unix seconds with a
 * fraction, both included, protocol is the IP protocol's number. The first row that matches wins.
 */
#ifndef AFXDP_LABELS_H
#define AFXDP_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "packet.h"
#include "port.h"

enum labels_format {
    LABELS_AUTO, /* told by its first line */
    LABELS_OWN,
    LABELS_ZEEK,  /* conn.log, tables and JSON; IoT-23's labelled ones */
    LABELS_EVE,   /* Suricata's alerts and flows */
    LABELS_CIC,   /* CICFlowMeter's: CIC-IDS2017, CSE-CIC-IDS2018 */
    LABELS_UNSW,  /* UNSW-NB15, with its header or without */
    LABELS_ARGUS, /* ra's CSV; CTU-13's binetflow */
};

/* For options, NULL at the end: names of the formats, and of the units of plain numbers. */
extern const char *const labels_format_names[];
extern const char *const labels_unit_names[];

struct labels_options {
    const char *path;   /* "-": standard input */
    const char *column; /* the one with the class; NULL: the format's own */
    int format;         /* enum labels_format */
    int unit;           /* of times that are plain numbers, a place in labels_unit_names */
    int64_t zone;       /* ns that dates without a zone are ahead of UTC */
    int64_t offset;     /* ns added to all times */
};

/* "-03:00" or "UTC", and "-3600" or "0.25" seconds. -EINVAL. */
int labels_parse_zone(struct labels_options *options, const char *value, struct error *error);
int labels_parse_offset(struct labels_options *options, const char *value, struct error *error);

struct labels;

/* Every packet has this label. */
int labels_new(struct labels **out, const char *label, struct error *error);

/* Reads a table. -EINVAL names the line. The options stay the caller's. */
int labels_read(struct labels **out, const struct labels_options *options, struct error *error);

/* What reading it came upon and the user should know, one line each; returns how many. */
uint32_t labels_notes(const struct labels *labels, const char *const **lines);

/* The label of a packet, by its index in the capture, its frame and its parsed fields; NULL where
 * it has none. Owned by `labels`. */
const char *labels_find(struct labels *labels, uint64_t index, const struct frame *frame,
                        const struct packet *packet);

/* What joined so far. */
struct labels_joined {
    uint64_t rows;
    uint64_t rows_unmatched; /* gave no packet its label */
    uint64_t packets;
    uint64_t packets_unmatched;
    int64_t shift;       /* ns to add to all times, so that more would join; 0: there is none */
    uint64_t would_join; /* with it, of the packets that haven't */
};

void labels_joined(const struct labels *labels, struct labels_joined *joined);

void labels_free(struct labels *labels); /* takes NULL */

#endif
