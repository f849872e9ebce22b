// SPDX-License-Identifier: BSD-2-Clause
/* An interface as hardware: what it is, and the settings an engine needs of it.
 *
 * What is changed is remembered and put back by nic_close; nic_leave leaves it, for a wire that
 * stays open without the engine. After nic_adopt it is remembered beside the interface's claim too,
 * before each change, so that whoever has the interface next can put it back. A nic is the
 * interface of one index in the network namespace that nic_open was called in: it follows a rename,
 * and never asks a /sys that may show another namespace's interfaces. Changing needs CAP_NET_ADMIN.
 * For set-up, one thread; nic_read_counters from any. */
#ifndef AFXDP_NIC_H
#define AFXDP_NIC_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "error.h"

struct nic_settings;
struct xdp_claim;

/* Queues that can be bound: the larger of the RX and the combined channels; likewise for TX. */
struct nic_channels {
    uint32_t rx;
    uint32_t tx;
    uint32_t rx_most; /* 0: can't be changed */
    bool combined;    /* which of the two ethtool sets */
};

struct nic {
    char name[IF_NAMESIZE];
    char kind[16];   /* as ip link's "type": "veth", "bond", ...; "" for hardware */
    char driver[32]; /* "" where ethtool doesn't say */
    const struct driver *about;
    int ifindex;
    uint32_t mtu;
    uint32_t rx_ring; /* the hardware's own rings, frames; 0 where there is none */
    uint32_t tx_ring;
    int node; /* NUMA node, -1: unknown */
    struct nic_channels channels;

    /* private */
    int control;                   /* a socket of the interface's network namespace, kept open */
    char bus[32];                  /* where the device is on its bus */
    uint64_t looked;               /* at the channels, ms */
    struct nic_settings *settings; /* what is changed, by this engine and one that was killed */
    struct xdp_claim *claim;       /* beside which that is kept; NULL: nowhere */
    bool kept;                     /* this engine has */
    int busy_poll[2]; /* sysfs files that are put back with fewer rights; -1: not open */
};

/* By its name or an alternative name. -ENODEV: no such interface. -EPROTONOSUPPORT: its frames have
 * no Ethernet header (tun, WireGuard, PPP, IP tunnels). -ENOMEM. */
int nic_open(struct nic **out, const char *name, struct error *error);

/* Whether XDP of that mode sees an interface of this kind as a wire: -EOPNOTSUPP, with what to take
 * instead, for bonds, bridges, VLANs and their like unless in generic mode. */
int nic_check_kind(const struct nic *nic, bool skb, struct error *error);

/* What is different from the last look, or from nic_open. */
struct nic_changes {
    char old_name[IF_NAMESIZE]; /* "": the same */
    uint32_t old_mtu;           /* 0: the same */
    uint32_t old_queues;        /* 0: the same; looked at four times a second */
    bool carrier;               /* now */
};

/* Looks at the interface without needing a descriptor or the kernel's network lock, but for the
 * channels, and keeps name, MTU and channels up to date. -ENODEV: it is gone; any other -errno: it
 * can't be told. */
int nic_check(struct nic *nic, struct nic_changes *changes);

/* From here on what is changed is kept beside the claim, which outlives the nic. What an engine
 * that was killed had changed counts as changed by this one: its values are kept while it runs, and
 * nic_close puts back those from before the other. Not what somebody has changed since, nor what
 * was kept of another device that had this one's number. What is kept there and can't be used is
 * left alone, and `unusable` says why; else that is empty. -errno: it couldn't be looked at. */
int nic_adopt(struct nic *nic, struct xdp_claim *claim, struct error *unusable,
              struct error *error);

/* Puts the settings back and frees. Takes NULL; an interface that is gone is no error, and what
 * somebody else has changed meanwhile stays. Channels are waited for, since a zero-copy socket
 * gives its queue back a while after it was closed. 0, or -errno with what couldn't be put back,
 * and is still kept beside the claim. */
int nic_close(struct nic *nic, struct error *error);

/* The same after a start that failed: back to what nic_open found, a killed engine's settings
 * included. */
int nic_revert(struct nic *nic, struct error *error);

/* Only frees: all stays as it is, and stays remembered. */
void nic_leave(struct nic *nic);

/* Takes frames for every address, so that other hosts' traffic can cross or be looked at. The flag
 * is the interface's own: it outlives the process. */
int nic_set_promiscuous(struct nic *nic, struct error *error);

/* Turns off what changes frames before XDP sees them: VLAN stripping and filtering, LRO and
 * hardware GRO. -EOPNOTSUPP when stripping, LRO or GRO is on and can't be turned off. A VLAN filter
 * that can't is told in `notice` (promiscuous mode disables most). */
int nic_set_offloads(struct nic *nic, char notice[256], struct error *error);

/* The interface gets `queues` channels. -EINVAL when it can't. */
int nic_set_channels(struct nic *nic, uint32_t queues, struct error *error);

/* Both directions of a flow on one queue: */
enum nic_rss {
    NIC_RSS_UNKNOWN, /* the driver doesn't tell how it spreads flows, or has one queue */
    NIC_RSS_SYMMETRIC,
    NIC_RSS_ASYMMETRIC,
};

enum nic_rss nic_rss(const struct nic *nic);

/* Sets a key with which source and destination may change places (period 16 bit: Woo and Park,
 * "Scalable TCP session monitoring with symmetric receive-side scaling", 2012), hashing ports of
 * UDP as of TCP, over a table that has as many entries for each queue. -EOPNOTSUPP when the driver
 * can't. */
int nic_set_symmetric_rss(struct nic *nic, struct error *error);

/* Two interfaces that were set so spread flows alike: where their tables differ, both get the
 * kernel's. */
int nic_agree_rss(struct nic *nic, struct nic *other, struct error *error);

/* Keeps the NIC's interrupts away between two polls, without which busy polling gains nothing. */
int nic_set_busy_poll(struct nic *nic, struct error *error);

bool nic_is_up(const struct nic *nic);

bool nic_has_carrier(const struct nic *nic);

/* Waits until the link is up; many NICs re-link when a program is attached or a queue is bound.
 * Whether it is. */
bool nic_wait_carrier(const struct nic *nic, uint32_t timeout_ms);

/* The kernel's counters of the interface, since it exists. */
struct nic_counters {
    uint64_t rx_packets;
    uint64_t rx_errors;
    uint64_t rx_dropped;
    uint64_t rx_fifo; /* no room in the NIC's own ring */
    uint64_t tx_packets;
    uint64_t tx_errors;
    uint64_t tx_dropped;
};

int nic_read_counters(const struct nic *nic, struct nic_counters *counters);

#endif
