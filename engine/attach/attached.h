// SPDX-License-Identifier: BSD-2-Clause
/* What is attached to an interface, and whose it is. */
#ifndef AFXDP_ATTACHED_H
#define AFXDP_ATTACHED_H

#include <stdbool.h>
#include <stdint.h>

#define XDP_MARKER_NAME "afxdp_engine"       /* the map that every program of ours holds */
#define XDP_PROGRAM_PREFIX "afxdp_"          /* every program of ours is named so */
#define XDP_DISPATCHER_NAME "xdp_dispatcher" /* libxdp's */

/* What the marker map holds: what the program does while no engine serves it. */
struct xdp_marker {
    uint32_t fail_closed;
    uint32_t other_ifindex; /* what it crosses to; 0: a single port */
};

struct xdp_attached {
    uint32_t id; /* 0: nothing is attached */
    bool skb;    /* in generic mode */
    bool ours;
    bool dispatcher;
    char name[16]; /* empty where it couldn't be inspected (needs CAP_SYS_ADMIN) */
};

/* 0 or -errno. */
int xdp_attached_query(int ifindex, struct xdp_attached *attached);

/* Whether the program behind the descriptor holds our marker. */
bool xdp_program_is_ours(int program);

/* Makes the program one of ours: gives it a marker map that says this. Returns the map's
 * descriptor, -errno where the kernel can't (before 5.10). */
int xdp_program_mark(int program, const struct xdp_marker *marker);

/* Reads the marker of a program of ours; needs CAP_SYS_ADMIN. */
int xdp_program_read_marker(int program, struct xdp_marker *marker);

/* The same of the marker's own descriptor. */
int xdp_marker_read(int map, struct xdp_marker *marker);

/* The program's id, 0 where the descriptor is none of a program. */
uint32_t xdp_program_id(int program);

#endif
