// SPDX-License-Identifier: BSD-2-Clause
/* The kernel datapath: the model inside XDP, no worker, no socket. User space sets up, counts and,
 * where asked, writes verdicts. */
#ifndef AFXDP_KERNEL_H
#define AFXDP_KERNEL_H

#include "datapath.h"
#include "guard.h"
#include "interfaces.h"
#include "kernel_model.h"
#include "losses.h"
#include "pass.h"
#include "verdicts.h"
#include "wire.h"

struct ring_buffer;

struct kernel {
    struct afxdp_datapath base;
    struct interfaces nics;
    struct wire wire;
    uint32_t ports; /* that packets come in on: two on a bridge */
    uint32_t flows; /* of each CPU */
    bool frags;
    struct guard *guard[2];
    struct pass *pass;     /* on a port that only sends */
    struct losses *losses; /* on the way across; NULL where the kernel doesn't tell */
    struct kernel_model model;
    struct flow_table *tables; /* a view of each CPU's slice */
    struct shunted shunted;    /* with base.can_shunt */
    struct verdicts verdicts;
    struct ring_buffer *records;    /* the source of verdicts, or of events */
    struct verdict_stream *filling; /* the writer's thread's: where they go, */
    struct eve_flows *events;       /* likewise, */
    uint64_t rows;                  /* and how many have gone there; */
    uint64_t *row;                  /* of verdicts: by queue */
    struct nic_counters nic_before[2];
    bool told_of_spread;
};

/* Warns once of a queue whose packets come in on several CPUs, which each have a flow table. */
void kernel_watch_spread(struct kernel *kernel);

/* The flow tables inside the kernel, to look at: -ENOMEM; that of a CPU, NULL beyond the last. */
int kernel_flows_open(struct kernel *kernel, struct error *error);
const struct flow_table *kernel_flows_table(const struct afxdp_datapath *base, uint32_t cpu);

/* --verdicts, from the ring of records: as verdicts_open and verdicts_close. */
int kernel_verdicts_open(struct kernel *kernel, struct error *error);
int kernel_verdicts_close(struct kernel *kernel, struct error *error);

/* What packets leave in that ring, see path_options. */
uint32_t kernel_records(const struct afxdp_datapath *base);

/* --eve, from the same ring, which has one reader. -ENOMEM, -errno of the ring, of the file. */
int kernel_events_open(struct kernel *kernel, struct error *error);

/* block:SECONDS and shunt:N, where a class has them, or may come to by `ctl set-action`: the maps,
 * once the ports are there; bytes that so many CPUs take for them; what the programs do with a
 * verdict, and what they need for it; the thread that blocks, once they are loaded; members
 * `blocks` and `shunts` of the report; the end. */
int kernel_acts_open(struct kernel *kernel, struct error *error);
uint64_t kernel_acts_bytes(const struct kernel *kernel, uint32_t cpus);
struct path_policy kernel_policy(const struct policy *policy);
void kernel_acts_settle(const struct kernel *kernel, struct path_settings *settings);
int kernel_acts_start(struct kernel *kernel, struct error *error);
void kernel_acts_report(const struct kernel *kernel, json_t *object);
void kernel_acts_close(struct kernel *kernel);

/* Members `interface`, `mode`, `ports` and `queues` of the JSON object; the caller frees it. Before
 * close. docs/kernel.md explains each counter. */
json_t *kernel_report(const struct kernel *kernel);

#endif
