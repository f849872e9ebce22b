// SPDX-License-Identifier: BSD-2-Clause
/* What the three datapaths have in common, and what each does its own way. */
#ifndef AFXDP_DATAPATH_H
#define AFXDP_DATAPATH_H

#include <jansson.h>

#include "blocks_keeper.h"
#include "control.h"
#include "datapath_lists.h"
#include "eve.h"
#include "flow_table_memory.h"
#include "flow_trap.h"
#include "judgement.h"
#include "packet_writer.h"
#include "report.h"
#include "worker.h"

struct datapath_queue {
    const char *interface; /* its name, any bytes */
    bool rest;             /* all queues that no worker serves */
    struct stats stats;
    const struct worker_counters *worker; /* of the first port's queue; NULL: none */
    const struct histogram *ring; /* descriptors found in the RX ring; NULL: there is none */
    uint32_t ring_size;
};

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
    /* The first interface, whose claim is held after open; NULL: there is none, nor a control
     * socket. */
    const struct nic *(*nic)(const struct afxdp_datapath *datapath);
    /* These addresses are allowed now, so they are never to be blocked. NULL: nobody ever is. */
    int (*allow)(struct afxdp_datapath *datapath, const struct prefix_list *allowed,
                 struct error *error);
    /* The flow table of a queue, or of a CPU, which others write to; NULL: there is none of that
     * number. The function NULL: they can't be read from here. */
    const struct flow_table *(*table)(const struct afxdp_datapath *datapath, uint32_t number);
    bool tables_are_of_cpus;
    /* The worker of such a queue; NULL where there is none, or none any more. */
    struct worker *(*worker)(const struct afxdp_datapath *datapath, uint32_t queue);
    /* What --metrics tells of a queue of one of the ports; false: there is none of that number.
     * NULL without an interface. */
    bool (*queue)(const struct afxdp_datapath *datapath, uint32_t port, uint32_t queue,
                  struct datapath_queue *view);
    /* The host memory, where it can be read from here and there is one. */
    const struct host_tables *(*hosts)(const struct afxdp_datapath *datapath);
};

/* Of a flow, as flow_explain.h has it answered. */
struct flow_question {
    bool asked;
    char flow[160]; /* its name */
    uint32_t queue;
    uint64_t since; /* ms */
    struct flow_trap trap;
};

/* The first member of each datapath's own struct. */
struct afxdp_datapath {
    const struct datapath_operations *operations;
    const struct afxdp_config *config;
    struct afxdp_callbacks say;
    struct judgement *judgement;    /* at work */
    struct judgement *kept;         /* that a worker may still use; freed once there are none */
    struct control *control;        /* NULL: none */
    struct eve *eve;                /* NULL: no events */
    struct metrics_server *metrics; /* NULL: none */
    struct packet_writer *writer;   /* NULL: no packets are written */
    bool writer_told;               /* that they can't be */
    bool writer_ended;
    double stats_posted;          /* s, of the monotonic clock */
    bool eve_told;                /* that they can't be written */
    struct datapath_lists lists;  /* of an interface */
    struct policy changed;        /* what was set while it runs, and survives a reload: */
    bool slot_changed[SLOTS];     /* of these */
    struct blocks *blocks;        /* NULL: nobody can be blocked */
    struct blocks_keeper *keeper; /* of --state; NULL: none */
    bool told_of_state;           /* that who is blocked can't be kept */
    bool can_limit;
    bool can_shunt; /* flows */
    struct flow_question question;
    bool started;
    bool stopped;
    bool stop_asked;
    double start;          /* s, of the monotonic clock */
    uint64_t start_of_day; /* the same in ns since 1970 */
    double seconds;        /* from start to stop */
    struct error failed;   /* why it ended early; "" while it hasn't */
};

/* Their structs, zeroed but for `operations`; the caller frees what close leaves, the struct. NULL
 * without memory. */
struct afxdp_datapath *capture_datapath_new(void);
struct afxdp_datapath *live_datapath_new(void);
struct afxdp_datapath *kernel_datapath_new(void);

/* Changes the action of a class while it runs: "CLASS=ACTION". As afxdp_datapath_reload, but for
 * the model, which stays. */
int datapath_set_action(struct afxdp_datapath *datapath, const char *text, struct error *error);

/* ns of the packets' clock; 0 where that is a NIC's. */
uint64_t datapath_packet_clock(const struct afxdp_datapath *datapath);

/* Whether a limit of the config is reached, or the end was asked for. */
bool datapath_is_done(const struct afxdp_datapath *datapath);

/* The report with everything in it; json_decref(report->live). */
void datapath_report(const struct afxdp_datapath *datapath, struct report *report);

#endif
