// SPDX-License-Identifier: BSD-2-Clause
/* What a run came to: one JSON object for programs, one table for people; the same for captures,
 * AF_XDP and the kernel datapath. docs/design.md lists the object's fields. */
#ifndef AFXDP_REPORT_H
#define AFXDP_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "policy.h"
#include "stats.h"

enum { REPORT_SCHEMA = 1 };

/* All pointers are the caller's. */
struct report {
    const char *datapath; /* "pcap", "afxdp", "kernel" */
    const char *source;   /* the capture's path, or the interface */
    double seconds;       /* from the first receive to the last packet's end */
    struct stats totals;
    const struct policy *policy;
    const char *model_path; /* NULL: no model */
    const char *model_kind;
    const char *model_variant;
    uint32_t model_checksum;
    const char *error; /* why the run ended early; NULL when it did not */
    json_t *live; /* members that a datapath adds (`unread`; `interface`, `mode`, `queues`: an array
                   * of flat objects, of which the table prints the integers), or NULL */
    bool lacks;   /* memory for some of `live` */
};

/* The object, which the caller frees with json_decref; NULL without memory. */
json_t *report_json(const struct report *report);

/* Writes the object on one line. 0 or -errno of writing. */
int report_write_json(FILE *file, const struct report *report);

#endif
