// SPDX-License-Identifier: BSD-2-Clause
/* A capture to its features.csv, by the engine's own pipeline: training and serving can't drift. */
#ifndef AFXDP_EXTRACTION_H
#define AFXDP_EXTRACTION_H

#include "capture.h"
#include "labels.h"
#include "pipeline.h"
#include "tunnel_text.h"

struct extraction_options {
    const char **captures; /* files, folders, patterns; several are one stream, in time order */
    uint32_t capture_count;
    const char *output;           /* NULL or "-": standard output */
    const char *label;            /* of every packet, or NULL */
    struct labels_options labels; /* a table of them; its path NULL: none */
    const char *unlabelled;       /* NULL: packets without a label are left out */
    const char *code;             /* NULL: raw integers */
    struct flow_table_options flows;
    struct host_tables_options hosts;
    struct tunnel_options tunnels;
    uint32_t feature_set;
    bool places; /* write the columns flow and packet */
    /* Told now and then how far it has come: bytes read, to read, packets. NULL: nobody is. */
    void (*progress)(uint64_t done, uint64_t size, uint64_t packets);
};

/* For option tables: `options` is a struct extraction_options. -EINVAL with one line. */
int extraction_parse_tunnels(void *options, const char *text, struct error *error);
int extraction_parse_flow_key(void *options, const char *text, struct error *error);

struct extraction;

/* Opens capture, labels and output. -errno of those, -EINVAL, -ENOMEM, with one line. */
int extraction_new(struct extraction **out, const struct extraction_options *options,
                   struct error *error);

/* Writes all rows. -EBADMSG: the capture breaks off, the rows before are written; -EIO: they can't
 * be; -EINVAL: no packet has a label of the table's. Once. */
int extraction_run(struct extraction *extraction, struct error *error);

const struct capture *extraction_capture(const struct extraction *extraction);

/* Files of folders that couldn't be read as captures; `why`: of the first. */
uint32_t extraction_left_out(const struct extraction *extraction, const char **why);

/* Flows that were evicted while they lived. */
uint64_t extraction_evictions(const struct extraction *extraction);

/* The labels, NULL without. */
const struct labels *extraction_labels(const struct extraction *extraction);

void extraction_free(struct extraction *extraction); /* takes NULL */

#endif
