// SPDX-License-Identifier: BSD-2-Clause
/* What is counted of packets, in user space and in the kernel alike (BPF-safe).
 *
 * Every packet is in exactly one slot, one action and one ending or failure, so that
 * packets = Σ slots = Σ actions = Σ endings + Σ failures. */
#ifndef AFXDP_COUNTERS_H
#define AFXDP_COUNTERS_H

#include "verdict.h"

/* Where a packet falls: a class of the model, or one of the engine's own three. */
enum slot {
    SLOT_UNSURE = CLASSES_MAX, /* classified, but below --min-confidence */
    SLOT_OTHER,                /* not IP */
    SLOT_MALFORMED,
    SLOTS /* 0..CLASSES_MAX - 1 are the model's classes */
};

enum ending {
    ENDING_DROPPED,
    ENDING_LIMITED,   /* dropped, for it was beyond its class's limit */
    ENDING_FORWARDED, /* taken over by the out port */
    ENDING_PASSED,    /* to the host's stack (kernel datapath) */
    ENDING_CONSUMED,  /* released: there is no out port */
    ENDINGS
};

#define ENDING_NAMES                                                                               \
    {                                                                                              \
        "dropped", "limited", "forwarded", "passed", "consumed"                                    \
    }

/* Why a packet that should have gone out did not. */
enum failure {
    FAILURE_TX_FULL, /* the out port took no more */
    FAILURE_NO_PORT, /* the out port is gone (kernel datapath) */
    FAILURES
};

#define FAILURE_NAMES                                                                              \
    {                                                                                              \
        "tx_full", "no_port"                                                                       \
    }

/* Nothing but counters (stats_add_snapshot takes them as an array). One thread or CPU writes. */
struct stats {
    uint64_t packets;
    uint64_t bytes; /* on the wire */
    uint64_t flows; /* begun, the evicting ones too */
    uint64_t evictions;
    uint64_t hosts_left_out; /* changes of the host memory, see host_word.h */
    uint64_t slots[SLOTS];
    uint64_t actions[ACTIONS];
    uint64_t endings[ENDINGS];
    uint64_t failures[FAILURES];
} __attribute__((aligned(64)));

#endif
