// SPDX-License-Identifier: BSD-2-Clause
/* The options of a run on an interface. */
#ifndef AFXDP_LIVE_OPTIONS_H
#define AFXDP_LIVE_OPTIONS_H

#include "options.h"
#include "redirect.h"
#include "xsk_group.h"

/* Where packets go that aren't dropped. */
enum live_way {
    LIVE_CONSUME, /* nowhere: a single port that only looks */
    LIVE_BRIDGE,  /* out of the other port, both ways */
    LIVE_FORWARD, /* out of the other port, one way */
    LIVE_HAIRPIN, /* back out of the same port */
};

enum live_mode {
    LIVE_AUTO,
    LIVE_ZEROCOPY,
    LIVE_COPY,
    LIVE_SKB, /* generic XDP, and so copy mode */
};

enum live_datapath {
    LIVE_AFXDP,  /* in user space, over AF_XDP */
    LIVE_KERNEL, /* inside XDP */
};

enum live_form {
    LIVE_FORM_AUTO, /* the first that loads */
    LIVE_FORM_SINGLE,
    LIVE_FORM_LOOPS,
    LIVE_FORM_TAILCALL,
};

struct live_options {
    enum live_datapath datapath;
    enum live_form form;   /* of a network inside XDP */
    const char *interface; /* NULL: choose */
    const char *other;     /* of --bridge and --forward */
    enum live_way way;
    enum live_mode mode;
    uint32_t queues; /* 0: as many as the interface has */
    const char *cores;
    bool set_channels;
    bool symmetric_rss;
    bool fail_closed;
    bool leave_open;
    bool no_promiscuous;
    bool no_multi_buffer;
    bool trailer_time;
    enum timestamps timestamps;
    struct redirect_bypass bypass[REDIRECT_BYPASS_MAX];
    uint32_t bypass_count;
    struct xsk_sizes rings; /* 0: chosen */
    uint32_t frame_size;    /* 0: chosen */
    uint32_t busy_poll;     /* packets per poll, 0: off */
    uint32_t spin_us;
    uint64_t duration; /* seconds, 0: no limit */
    uint64_t packets;  /* 0: no limit */
};

#define LIVE_OPTIONS_DEFAULT                                                                       \
    {                                                                                              \
        .spin_us = 50                                                                              \
    }

/* Their table, for a target of struct engine_options. */
extern const struct option_spec live_option_specs[];

#endif
