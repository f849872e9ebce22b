// SPDX-License-Identifier: BSD-2-Clause
/* What a datapath is asked to do: the values of the option table (config_options.c). */
#ifndef AFXDP_CONFIG_H
#define AFXDP_CONFIG_H

#include "address_lists.h"
#include "afxdp_engine.h"
#include "eve_types.h"
#include "flow_table_memory.h"
#include "host_tables.h"
#include "host_thresholds.h"
#include "metrics_server.h"
#include "option.h"
#include "policy.h"
#include "prefix_list.h"
#include "redirect.h"
#include "tunnel_text.h"
#include "xsk_group.h"

enum { ACTION_OPTIONS_MAX = 2 * SLOTS };

enum config_datapath {
    DATAPATH_AFXDP,  /* in user space, over AF_XDP */
    DATAPATH_KERNEL, /* inside XDP */
    DATAPATH_CAPTURE,
    DATAPATHS,
    DATAPATH_OWN = DATAPATHS, /* none: the frames of an embedding program */
};

/* Where packets go that aren't dropped. */
enum config_way {
    WAY_CONSUME, /* nowhere: a single port that only looks (the kernel datapath: to the host) */
    WAY_BRIDGE,  /* out of the other port, both ways */
    WAY_FORWARD, /* out of the other port, one way */
    WAY_HAIRPIN, /* back out of the same port */
};

enum config_mode {
    MODE_AUTO,
    MODE_ZEROCOPY,
    MODE_COPY,
    MODE_SKB, /* generic XDP, and so copy mode */
};

enum config_form {
    FORM_AUTO, /* the fastest that loads */
    FORM_SINGLE,
    FORM_LOOPS,
    FORM_TAILCALL,
};

struct afxdp_config {
    struct option_values values;
    const char *pcap;      /* the first of them; NULL: packets come from an interface */
    const char **captures; /* files, folders, patterns */
    uint32_t capture_count;
    const char *model;                      /* NULL: not said; "none": no model */
    const char *action[ACTION_OPTIONS_MAX]; /* CLASS=ACTION, checked when the model is known */
    uint32_t action_count;
    uint16_t min_confidence;
    uint32_t flows;
    uint32_t flow_timeout; /* s */
    uint64_t flow_seed;
    struct host_tables_options hosts;
    struct tunnel_options tunnels;
    const char *verdicts; /* NULL: none */
    const char *eve;      /* NULL: no events */
    uint32_t eve_types;   /* enum eve_type */
    uint32_t eve_rate;    /* a second, 0: all */
    uint32_t eve_host_rate;
    struct host_thresholds eve_hosts; /* none: no hosts are told of */
    uint16_t community_seed;
    struct metrics_address metrics; /* where scrapers ask; of size 0: nowhere */
    const char *write;              /* packets; NULL: none */
    const char *write_if;           /* NULL: all */
    uint32_t write_snaplen;
    uint64_t write_max; /* bytes of a file, 0: any */
    uint32_t write_files;

    const char *interface; /* NULL: choose */
    const char *bridge;    /* the other port, of one of these */
    const char *forward;
    bool hairpin;
    bool consume;                  /* on a port with addresses of this host, too */
    enum config_datapath datapath; /* of an interface */
    enum config_form form;         /* of a network inside XDP */
    enum config_mode mode;
    uint32_t queues; /* 0: as many as the interface has */
    const char *cores;
    bool set_channels;
    bool symmetric_rss;
    bool fail_closed;
    bool leave_open;
    bool no_promiscuous;
    bool no_multi_buffer;
    bool trailer_time;
    uint32_t watchdog; /* ms, 0: none */
    enum timestamps timestamps;
    struct bypass bypass;
    struct prefix_list list[ADDRESS_LISTS];
    bool lists_given; /* even if they are empty */
    uint32_t blocks;  /* hosts at a time */
    uint32_t block_after;
    bool block_unproven;
    const char *state; /* where blocks are kept; NULL: nowhere */
    uint32_t shunts;   /* flows at a time */
    uint16_t shunt_confidence;
    uint32_t shunt_every;   /* packets */
    uint32_t shunt_seconds; /* s */
    struct xsk_sizes rings; /* 0: chosen */
    uint32_t frame_size;    /* 0: chosen */
    uint32_t busy_poll;     /* packets per poll, 0: off */
    uint32_t spin_us;
    uint64_t duration; /* s, 0: no limit */
    uint64_t packets;  /* 0: no limit */
};

extern const struct option_spec config_options[];

/* Adds a file, a folder or a pattern to the captures; the value stays the caller's. -ENOMEM. */
int config_add_capture(struct afxdp_config *config, const char *value, struct error *error);

/* The same for a word that no option stands before: a capture without --pcap, and what a shell
 * makes of a pattern behind it. `config` is a struct afxdp_config. -EINVAL where there is no such
 * file. */
int config_add_argument(void *config, const char *value, struct error *error);

enum config_datapath config_datapath(const struct afxdp_config *config);
enum config_way config_way(const struct afxdp_config *config);

/* Whether there are lists of prefixes, which may be empty. */
/* How many files --write has. */
uint32_t config_write_files(const struct afxdp_config *config);

bool config_has_lists(const struct afxdp_config *config);

/* The second port's name, NULL without one. */
const char *config_other(const struct afxdp_config *config);

/* What is opened and told apart on an interface: all that comes in is of that one. */
struct tunnel_options config_tunnels(const struct afxdp_config *config);

/* Whether the ports form a wire that stays open without the engine. */
bool config_is_inline(const struct afxdp_config *config);

/* Whether the program outlives a process that is killed. */
bool config_stays(const struct afxdp_config *config);

/* Whether any event that is asked for is of a flow, or of its hosts. */
bool config_tells_of_flows(const struct afxdp_config *config);

/* Whether packets' times are ns since 1970; else they are of the monotonic clock. */
bool config_times_are_of_day(const struct afxdp_config *config);

struct flow_table_options config_flows(const struct afxdp_config *config);
struct host_tables_options config_hosts(const struct afxdp_config *config);

/* -EINVAL for options that exclude each other, or that the datapath would ignore. */
int config_check_as(const struct afxdp_config *config, enum config_datapath datapath,
                    struct error *error);

/* The same for the datapath that the config asks for. */
int config_check(const struct afxdp_config *config, struct error *error);

/* -EINVAL where the options ask for what this model (NULL: none) doesn't tell. */
int config_check_model(const struct afxdp_config *config, const struct q8 *model,
                       struct error *error);

/* The policy that the options and a model (NULL: none) ask for. */
int config_policy(const struct afxdp_config *config, const struct q8 *model, struct policy *policy,
                  struct error *error);

#endif
