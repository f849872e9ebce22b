// SPDX-License-Identifier: BSD-2-Clause
/* --eve: events as lines of JSON, by a thread of their own.
 *
 *     worker ── eve_flows.h ── ring ──►┐
 *     worker ── eve_flows.h ── ring ──►├─ writer ─► file, socket, standard output
 *     datapath ── eve_post ── lines ──►┘               or broker (eve_sink.h)
 *
 * What is left out is counted, by kind, and of flows with their packets and bytes, so that
 *
 *     Σ flow events + unreported flows + packets of no flow = packets received. */
#ifndef AFXDP_EVE_H
#define AFXDP_EVE_H

#include <jansson.h>

#include "eve_flows.h"
#include "eve_out.h"
#include "eve_types.h"

enum { EVE_QUEUES_MAX = 64 };

struct eve;

struct eve_options {
    const char *path; /* NULL: nowhere but to `tell` */
    /* In the writer's thread, each event without its line's end; NULL: nobody. */
    void (*tell)(void *context, const char *line, size_t length);
    void *context;
    const struct policy *policy;       /* copied */
    const char *interface;             /* NULL: a capture */
    uint32_t types;                    /* enum eve_type, of flows */
    uint32_t rate;                     /* events of flows a second, by their own times; 0: all */
    uint32_t host_rate;                /* of those that one host began; 0: all */
    struct host_thresholds thresholds; /* from which on hosts are told of */
    uint16_t community_seed;
    uint32_t model; /* its checksum; 0: none */
    bool day_times; /* packets' times are of the day, not of the monotonic clock */
    bool waits;     /* those who tell, for the writer */
};

/* Opens the file. -errno with one line. */
int eve_open(struct eve **out, const struct eve_options *options, struct error *error);

/* Where the writer's thread hears of packets that no pipeline shows: `pull` has them counted, while
 * there is room, by eve_flows_count. 0: there is nothing now. */
struct eve_source {
    uint32_t (*pull)(void *context, struct eve_flows *flows);
    void (*lost)(void *context, uint64_t *packets, uint64_t *bytes); /* that it never got */
    void *context;
    uint64_t places, timeout; /* of the flow table: see eve_flows.h */
};

/* In the place of all observers. -ENOMEM. */
int eve_follow(struct eve *eve, const struct eve_source *source, struct error *error);

/* The observer of a pipeline with that table, whose queue has the next number; before any is used.
 * -ENOMEM, -E2BIG. */
int eve_observe(struct eve *eve, const struct flow_table *table, struct burst_observer **observer,
                struct error *error);

/* Starts the writer, once all observers are made. -errno of starting a thread. */
int eve_start(struct eve *eve, struct error *error);

/* An event that isn't a flow's, at a time in ns since 1970: `content` under the type's name; takes
 * it over. Any thread. */
void eve_post(struct eve *eve, uint64_t time, const char *type, json_t *content);

/* The checksum of the model from here on. Any thread. */
void eve_set_model(struct eve *eve, uint32_t checksum);

/* Does nothing without a file. Opens the file again and has the writer go on with it, who may have
 * no right to open it itself. -errno with one line, and the former file stays. Any thread. */
int eve_reopen(struct eve *eve, struct error *error);

/* Whether writing has failed; 0 or -errno with one line. Any thread. */
int eve_check(const struct eve *eve, struct error *error);

/* Any thread. Exact once eve_end is done. */
void eve_read(const struct eve *eve, struct eve_totals *totals);

/* Once no pipeline runs and no source gets more: takes what the source has, tells of the flows that
 * are still in the tables, and writes what is there, for two seconds without progress at most.
 * -errno of writing. */
int eve_end(struct eve *eve, struct error *error);

/* The counts are gone with it. Takes NULL. */
void eve_close(struct eve *eve);

#endif
