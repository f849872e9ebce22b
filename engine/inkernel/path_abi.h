// SPDX-License-Identifier: BSD-2-Clause
/* What the in-kernel path and user space share: the values of its maps (BPF-safe). */
#ifndef AFXDP_PATH_ABI_H
#define AFXDP_PATH_ABI_H

#include "bypass.h"
#include "counters.h"
#include "flow_table.h"
#include "host_features.h"
#include "tunnel.h"

enum {
    PATH_GENERATIONS = 2, /* a model in use, and one that is filled meanwhile */
    PATH_PORTS = 2,
    PATH_RECORDS = 1 << 22,  /* bytes of the ring of records */
    PATH_LIMITED = 1 << 16,  /* destinations in a second whose packets are counted */
    PATH_OFFENCES = 1 << 18, /* bytes of the ring of offences */
    PATH_SCRATCH = 516,      /* bytes, so that the struct ends on a multiple of eight */
};

#define PATH_SECOND_NS UINT64_C(1000000000)

/* Where packets go that aren't dropped. */
enum path_out {
    PATH_OUT_STACK, /* to the host */
    PATH_OUT_PORT,  /* through the devmap */
    PATH_OUT_BACK,  /* out of the interface they came from */
};

/* Settled before loading: the verifier removes what these leave out. */
struct path_options {
    uint32_t out;           /* enum path_out */
    uint32_t first_ifindex; /* inline: packets from here leave by port 0, others by port 1 */
    uint32_t ports;         /* interfaces that packets come from, at most PATH_PORTS */
    uint32_t queues;        /* of each of them, to be counted apart; the rest with the last */
    uint32_t served;        /* queues that are classified, the first ones; 0: all */
    uint32_t fail_closed;   /* 1: what comes in on the others is dropped */
    uint32_t frags;         /* 1: frames may come in several buffers, so ask for their length */
    uint32_t stamped;       /* 1: time and length come from struct path_stamp */
    uint32_t bench_mask;    /* bench only: how many sources packets come from, less one; 0: off */
    uint32_t records;       /* 1: a record of each packet goes to user space; 2: with its hosts */
    uint32_t host_cells;    /* of a row of the host memory, where the program has one */
    uint32_t host_rows;     /* 1 or 2 */
    uint32_t lists;         /* 1: the lists of --allow and --deny are looked at */
    uint32_t limits;        /* 1: a policy may limit classes */
    uint32_t blocks;        /* 1: hosts may be blocked */
    uint32_t proving;       /* 1: only those that are proven (proof.h) */
    uint32_t shunts;        /* 1: flows may be shunted */
    uint64_t shunt_every;   /* the last of so many packets is judged, */
    uint64_t shunt_ns;      /* and one so long after; so long a silence ends a shunt */
    struct bypass bypass;
    struct tunnel_options tunnels;
};

/* Before a frame, in its metadata: what the path would ask the kernel for. That is how a capture
 * runs through BPF_PROG_TEST_RUN, with its own times and also where it was cut. */
struct path_stamp {
    uint64_t time;        /* ns */
    uint32_t wire_length; /* bytes */
    uint32_t zero;
};

/* What only records tell of an IP packet. */
struct path_trace {
    uint32_t place; /* of its flow in the flow table: bucket * FLOW_WAYS + way */
    uint32_t queue;
    uint16_t vlan[2]; /* see packet_trace.h */
    uint16_t icmp;
    uint8_t flags; /* TCP's */
    uint8_t zero;
};

/* What became of a packet, for --verdicts and --eve. */
struct path_record {
    struct flow_key key; /* zeros where it isn't classified */
    uint64_t time;       /* ns */
    struct path_trace trace;
    uint32_t wire_length;
    uint16_t confidence;
    uint8_t slot;
    uint8_t action;
    uint8_t classified; /* 0: other, malformed: no confidence */
    uint8_t from_low;
    uint8_t zero[6];
};

/* The same with the features of its hosts, where the program has them. */
struct path_host_record {
    struct path_record packet;
    uint32_t hosts[HOST_FEATURES];
};

/* The policy of one generation: it belongs to a model's classes, so it changes with the model. */
struct path_policy {
    uint8_t action[SLOTS + 1]; /* enum action; the last is padding */
    uint16_t min_confidence;
    uint16_t shunt_confidence;
    uint32_t limit[SLOTS + 1];         /* with ACTION_LIMIT: packets a second to one destination */
    uint32_t block_seconds[SLOTS + 1]; /* see struct policy, as the next */
    uint32_t shunt_after[SLOTS + 1];
};

/* Of whom a second's packets are counted. */
struct path_limited {
    uint64_t destination[2];
    uint64_t second;
    uint32_t slot;
    uint32_t realm; /* and the version */
};

/* The packet in hand. It lives in a map because tail calls hand on nothing else, and because the
 * verifier then forgets which way a packet took through the parser: one state, not hundreds. */
struct path_work {
    struct packet packet;
    struct flow_key key;
    uint32_t features[FEATURES_MAX]; /* as many as the model's feature set has */
    uint32_t no_feature[4];          /* zeros behind them: what a tree's leaf compares */
    struct verdict verdict;
    uint32_t wire_length;
    uint32_t slot;       /* set by the parser for what isn't classified */
    uint32_t generation; /* of the model: picked once, on entry */
    uint64_t from_low;
    uint64_t now;            /* ns */
    uint64_t hash;           /* of the flow: this and the next with blocks or shunts */
    uint64_t flow_packets;   /* so far */
    uint64_t shunted;        /* with shunts: 1: it is, and this is the packet that is judged */
    struct path_trace trace; /* with options.records */
    uint32_t step;           /* of the classifier, where tail calls go through it */
    uint32_t events;         /* from here on, of feature set 2 only; see host_events */
    struct packet_details details;
    struct host_identity identity; /* of a flow that begins */
    uint8_t scratch[PATH_SCRATCH]; /* the classifier's own */
    struct tunnel tunnel;          /* from here on: left by afxdp_tunnels, see path_tunnels.bpf.h */
    struct packet outer;
    uint32_t kind;     /* enum packet_kind */
    uint32_t bypassed; /* 1: never touched */
    uint32_t gate;     /* what path_gate says of the outermost packet */
};

/* Packets that were left alone, each in one of these and in none of `stats`. */
struct path_left {
    uint64_t bypassed;      /* --bypass: to the host, or across */
    uint64_t allowed;       /* --allow: likewise */
    uint64_t denied;        /* --deny: dropped */
    uint64_t blocked;       /* of a blocked source: dropped */
    uint64_t shunted;       /* of a shunted flow: to the host, or across */
    uint64_t shunted_bytes; /* of those */
    uint64_t uncovered;     /* a queue that isn't served: to the host, or across */
    uint64_t closed;        /* likewise, and --fail-closed: dropped */
    uint64_t uncrossed; /* should have crossed, but the other port isn't in the devmap: dropped */
};

/* What became of blocks and shunts (path_acts.bpf.h); of packets those that are in `stats`, too. */
struct path_acts {
    uint64_t unproven;  /* offences of sources that weren't */
    uint64_t lost;      /* offences that found no room on their way */
    uint64_t begun;     /* shunts, as the next */
    uint64_t otherwise; /* ended by another verdict */
    uint64_t finished;  /* by RST or FIN */
    uint64_t silent;
    uint64_t failed;
    uint64_t judged; /* packets of shunted flows */
};

/* What one CPU has for itself, so that it needs no lock: a softirq doesn't interrupt itself. One
 * for each queue of each port, to count them apart; all of a CPU share its slice of the flow table.
 */
struct path_cpu {
    struct stats stats;
    struct path_left left;
    struct path_acts acts;
    uint64_t unrecorded; /* their record found no room */
    uint64_t unrecorded_bytes;
    uint64_t entered; /* frames on entry; the bench derives addresses from it */
    uint64_t timeout; /* of a flow, ns */
    uint32_t buckets; /* of this CPU's slice of the flow table, a power of two */
    uint32_t first_bucket;
    struct flow_seed seed;
    struct host_seed host_seed;
    uint64_t host_time; /* see host_time */
    struct path_work work;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct path_policy) % 8 == 0, "the value of a BPF map");
_Static_assert(sizeof(struct path_cpu) % 64 == 0, "no two CPUs share a cache line");

#endif
