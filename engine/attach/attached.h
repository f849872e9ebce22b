// SPDX-License-Identifier: BSD-2-Clause
/* What is attached to an interface, and whose it is. */
#ifndef AFXDP_ATTACHED_H
#define AFXDP_ATTACHED_H

#include <stdbool.h>
#include <stdint.h>

#define XDP_MARKER_NAME "afxdp_engine"       /* the map that every program of ours holds */
#define XDP_PROGRAM_PREFIX "afxdp_"          /* every program of ours is named so */
#define XDP_DISPATCHER_NAME "xdp_dispatcher" /* libxdp's */

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

/* Makes the program one of ours: gives it the marker map. Returns the map's descriptor, -errno
 * where the kernel can't (before 5.10 ours are known by name alone). */
int xdp_program_mark(int program);

#endif
