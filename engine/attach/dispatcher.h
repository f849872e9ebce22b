// SPDX-License-Identifier: BSD-2-Clause
/* libxdp's dispatcher: one program of its own on the interface that calls several others in turn.
 * Where it is already attached, ours joins it. */
#ifndef AFXDP_DISPATCHER_H
#define AFXDP_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

struct xdp_program;

/* A descriptor of a program of ours behind the dispatcher on the interface, -ENOENT without one.
 * *alone: every program there is ours. */
int xdp_dispatcher_find_ours(int ifindex, bool *alone);

/* Takes programs of ours out of the dispatcher, those that an engine left when it was killed, but
 * not `except`. *removed tells how many. */
int xdp_dispatcher_clean(int ifindex, int except, int *removed);

/* Removes what libxdp pinned for a dispatcher (of that program id) that is no longer attached. */
void xdp_dispatcher_remove_pins(int ifindex, uint32_t id);

/* Whether every program behind it takes frames of several buffers. */
bool xdp_dispatcher_has_frags(int ifindex);

/* Creates the object's maps ahead of the object, so that they can be filled before libxdp loads
 * and attaches it in one step. */
int xdp_dispatcher_create_maps(struct bpf_object *object);

/* Loads the object's program as one of the dispatcher's and attaches it. The object stays the
 * caller's, *out goes to xdp_dispatcher_part. */
int xdp_dispatcher_join(struct xdp_program **out, struct bpf_object *object, const char *program,
                        int ifindex, bool skb);

int xdp_dispatcher_program_fd(const struct xdp_program *joined);

/* Takes the program out again and frees it. */
void xdp_dispatcher_part(struct xdp_program *joined, int ifindex, bool skb);

/* Only frees it. */
void xdp_dispatcher_forget(struct xdp_program *joined);

#endif
