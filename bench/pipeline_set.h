// SPDX-License-Identifier: BSD-2-Clause
/* What goes through the pipeline in the subcommands pipeline and stages: every classifier under
 * every load, with the tables of flows filled. */
#ifndef AFXDP_BENCH_PIPELINE_SET_H
#define AFXDP_BENCH_PIPELINE_SET_H

#include "error.h"
#include "eve.h"
#include "memory_port.h"
#include "pipeline.h"

enum {
    PIPELINE_PACKETS = 1 << 16, /* of one run */
    PIPELINE_CLASSIFIERS = 4,
    PIPELINE_LOADS = 5,
    PIPELINE_EVENTS = 2, /* ways to tell of them: without `flow` events, and with them */
    PIPELINE_RUNS = PIPELINE_CLASSIFIERS * PIPELINE_LOADS * (1 + PIPELINE_EVENTS),
    PIPELINE_FEATURE_SETS = 2,
};

/* A classifier under a load. */
struct pipeline_run {
    struct pipeline pipeline;
    struct route route;
    const char *what;    /* the classifier: "none", "dt", ... */
    const char *variant; /* of it, "-" without one */
    const char *flows;   /* live ones: a number, or "new": every packet begins one */
    size_t load;
    const char *events; /* told of as well, "" for none */
    double floor_ns;    /* per packet: memory that no pipeline can do without */
};

struct pipeline_set {
    struct pipeline_run runs[PIPELINE_RUNS];
    size_t count;

    /* What they use. */
    struct {
        const char *what;
        struct classifier *classifier;
    } classifiers[PIPELINE_CLASSIFIERS];
    size_t classifier_count;
    struct flow_table *tables[PIPELINE_LOADS][PIPELINE_FEATURE_SETS]; /* set 1's know no hosts */
    struct host_tables *hosts; /* of set 2; NULL: no model is of it */
    struct memory_port ports[PIPELINE_LOADS];
    struct eve *eve[PIPELINE_EVENTS]; /* NULL: no events */
    struct burst_observer *observers[PIPELINE_EVENTS][PIPELINE_LOADS][PIPELINE_FEATURE_SETS];
    struct policy policy;
    struct stats stats;
};

/* With no model, a tree and two networks of built-in shapes; with a path, no model and that one.
 * `hosts`: the size of the host memory (host_tables_parse); NULL: the default. -ENOMEM, -EINVAL, or
 * -errno for a file that can't be read or isn't a model. */
int pipeline_set_new(struct pipeline_set **out, const char *model, const char *hosts,
                     struct error *error);
void pipeline_set_free(struct pipeline_set *set); /* takes NULL */

/* Adds each run twice more, with --eve without its `flow` events, and with them; the file is
 * /dev/null. -ENOMEM, -errno of a thread. */
int pipeline_set_add_events(struct pipeline_set *set, struct error *error);

/* How floor_ns was derived. */
extern const char pipeline_floor_from[];

#endif
