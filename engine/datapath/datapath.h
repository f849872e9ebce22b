// SPDX-License-Identifier: BSD-2-Clause
/* What the three datapaths have in common, and what each does its own way. */
#ifndef AFXDP_DATAPATH_H
#define AFXDP_DATAPATH_H

#include <jansson.h>

#include "judgement.h"
#include "report.h"

struct datapath_operations {
    /* Sets everything up but the swap of programs. After a failure only close is called. */
    int (*open)(struct afxdp_datapath *datapath, struct error *error);
    /* Lets packets come, as the last step that can fail. */
    int (*start)(struct afxdp_datapath *datapath, struct error *error);
    /* Looks after it, within about that time: 1 to go on, 0 at the end, -errno. */
    int (*poll)(struct afxdp_datapath *datapath, unsigned timeout_ms, struct error *error);
    /* Puts `next` to work in the place of datapath->judgement, which nobody uses any more when this
     * returns 0. On failure that one stays; after -ETIMEDOUT somebody may still use `next`. */
    int (*replace)(struct afxdp_datapath *datapath, const struct judgement *next,
                   struct error *error);
    /* From any thread. */
    void (*totals)(const struct afxdp_datapath *datapath, struct stats *totals);
    /* Fills in what the report has of its own: source, live, model_variant. */
    void (*report)(const struct afxdp_datapath *datapath, struct report *report);
    /* Bytes read and to read; NULL where there is no end. */
    void (*progress)(const struct afxdp_datapath *datapath, uint64_t *done, uint64_t *size);
    /* -errno of writing the verdicts. */
    int (*stop)(struct afxdp_datapath *datapath, struct error *error);
    void (*close)(struct afxdp_datapath *datapath);
};

/* The first member of each datapath's own struct. */
struct afxdp_datapath {
    const struct datapath_operations *operations;
    const struct afxdp_config *config;
    struct afxdp_callbacks say;
    struct judgement *judgement; /* at work */
    struct judgement *kept;      /* that a worker may still use; freed once there are none */
    bool started;
    bool stopped;
    double start;        /* s, of the monotonic clock */
    double seconds;      /* from start to stop */
    struct error failed; /* why it ended early; "" while it hasn't */
};

/* Their structs, zeroed but for `operations`; the caller frees what close leaves, the struct. NULL
 * without memory. */
struct afxdp_datapath *capture_datapath_new(void);
struct afxdp_datapath *live_datapath_new(void);
struct afxdp_datapath *kernel_datapath_new(void);

/* Whether a limit of the config is reached. */
bool datapath_is_done(const struct afxdp_datapath *datapath);

/* The report with everything in it; json_decref(report->live). */
void datapath_report(const struct afxdp_datapath *datapath, struct report *report);

#endif
