// SPDX-License-Identifier: BSD-2-Clause
/* The user-space side of the in-kernel path (path.bpf.h): sizes its maps, fills them, replaces
 * what is in them under traffic, and reads its counters.
 *
 *   opened program ── path_configure ─► load (xdp_prepare, or bpf_object__load) ── path_open ─►
 *   path_install(model, policy) ─► attach ─► path_install again, at any time ─► path_close
 *
 * One thread at a time. */
#ifndef AFXDP_PATH_H
#define AFXDP_PATH_H

#include <bpf/libbpf.h>

#include "blocked.h"
#include "error.h"
#include "lists.h"
#include "path_abi.h"
#include "shunted.h"

/* A program with the path and a classifier in it. nn/ and dt/ make them; path_none_new makes the
 * one for `--model none`. */
struct path_program {
    struct bpf_object *object; /* opened; owned by the program */
    const char *entry;         /* name of the program to attach; static */
    const char *form;          /* "single", "loops", "tailcall", "tree", "none"; static */
    uint32_t feature_set;      /* that its models read; without a model FEATURE_SET_1 */
    /* Makes what can be made only once the programs are loaded; NULL: nothing. */
    int (*loaded)(struct path_program *program, struct error *error);
    /* Writes the model into the maps of one generation that no packet uses. -E2BIG for a model that
     * takes another program: a larger one, or of another feature set. NULL where the model is part
     * of the program: then a new program takes over, see path_share. */
    int (*fill)(struct path_program *program, uint32_t generation, const void *model,
                struct error *error);
    void (*destroy)(struct path_program *program);
    volatile uint32_t *generation; /* the map's own memory, from path_open or path_settle on */
};

/* Opens the BPF object in these bytes and sets which of its programs and maps are made: those
 * named, in lists that end with NULL, are left out. */
int path_program_open(struct path_program *program, const void *bytes, size_t size,
                      const char *const *left_out, struct error *error);

void path_program_free(struct path_program *program); /* takes NULL */

/* The program that opens tunnels, which packets enter first where that is asked for, and the map
 * that leads on from it. */
#define PATH_TUNNELS "afxdp_tunnels"
#define PATH_INNER "path_inner"

struct path_settings {
    struct path_options options;   /* host_cells is rounded up to a power of two; lists is set */
    const struct lists *lists;     /* NULL: none */
    const struct blocked *blocked; /* NULL: none, and options.blocks is 0; likewise */
    const struct shunted *shunted;
    uint32_t flows;   /* of each CPU; rounded up to a power of two of buckets */
    uint64_t timeout; /* of a flow, ns */
    uint64_t seed;    /* of the hashes of flows and hosts */
};

struct xdp_path {
    struct path_program *program;
    uint32_t cpus;                   /* possible ones */
    struct path_cpu *cpu;            /* [cpus][ports][queues], the map's own memory */
    const struct flow_bucket *flows; /* [cpus][buckets], likewise */
    uint32_t buckets;                /* of a CPU */
    struct path_settings settings;
    int grace; /* see path_grace */
    int grace_value;
    bool owes_grace; /* packets may still be in the generation that is to be filled next */
};

/* The path without a model. */
int path_none_new(struct path_program **out, struct error *error);

/* -EOPNOTSUPP, with the least kernel that does, where this one can't run programs for the set. */
int path_check_set(uint32_t feature_set, struct error *error);

/* Before loading: sizes the maps and settles the options. -E2BIG for a flow table that no map can
 * be as large as, -EOPNOTSUPP as path_check_set. */
int path_configure(const struct path_program *program, const struct path_settings *settings,
                   struct error *error);

/* After loading: maps the counters and hands every CPU its slice of the table. `*out` doesn't own
 * the program. */
int path_open(struct xdp_path **out, struct path_program *program,
              const struct path_settings *settings, struct error *error);

void path_close(struct xdp_path *path); /* takes NULL; the program stays the caller's */

/* Sets model and policy, also under traffic: both change between two packets of a CPU, flows stay.
 * `model` is what the program's `fill` takes. On failure packets still meet the former. Returns
 * when no packet is left that saw it, or, where the kernel refuses to wait, leaves the wait to the
 * next install, which begins with it. */
int path_install(struct xdp_path *path, const void *model, const struct path_policy *policy,
                 struct error *error);

/* Another program in the path's place, for a model that the present one can't take, in this order:
 * path_share, before `next` is loaded, lets it have the flow table, host memory, counters and ports
 * of the path, -EINVAL where it is for another feature set, whose flows keep other things;
 * path_settle, once it is loaded, gives it model and policy; path_adopt, when packets enter it and
 * no longer the old one, makes the path `next`'s, and can't fail. The old program can then be
 * freed. */
int path_share(const struct xdp_path *path, struct path_program *next, struct error *error);
int path_settle(struct path_program *next, const void *model, const struct path_policy *policy,
                struct error *error);
void path_adopt(struct xdp_path *path, struct path_program *next);

/* Packets leave by this interface. `port` 0 or 1, see struct path_options. */
int path_set_port(struct xdp_path *path, uint32_t port, int ifindex, struct error *error);

/* Descriptor of the program that packets enter. */
int path_program_fd(const struct path_program *program);
int path_entry_fd(const struct xdp_path *path);

/* What all CPUs have counted so far, in all queues of all ports or in one. */
struct path_counters {
    struct stats stats;
    struct path_left left;
    struct path_acts acts;
    uint64_t unrecorded; /* of the packets in `stats`: their record found no room */
    uint64_t unrecorded_bytes;
};

void path_totals(const struct xdp_path *path, struct path_counters *counters);
void path_queue_counters(const struct xdp_path *path, uint32_t port, uint32_t queue,
                         struct path_counters *counters);

/* Queues of a port that are counted apart. */
uint32_t path_queues(const struct xdp_path *path);

/* Descriptor of the ring of struct path_record; with options.records. */
int path_records_fd(const struct xdp_path *path);

/* Descriptor of the ring of struct offence; with options.blocks. */
int path_offences_fd(const struct xdp_path *path);

/* Flows that a CPU's slice holds. */
uint64_t path_flow_capacity(const struct xdp_path *path);

/* Returns when every XDP program that was running when it was called has ended. Needs no
 * descriptor; -ENOMEM. */
int path_grace(const struct xdp_path *path);

#endif
