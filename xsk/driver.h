// SPDX-License-Identifier: BSD-2-Clause
/* What is known of the kernel's drivers that an engine has to mind, in one table. Nothing here
 * depends on the machine: what a driver grants is seen when it is asked. */
#ifndef AFXDP_DRIVER_H
#define AFXDP_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

/* How a row came to be known. */
enum driver_source {
    DRIVER_SEEN, /* in test/vm, or in the lab */
    DRIVER_READ, /* in the kernel's source, at the place given */
};

struct driver {
    const char *name; /* as `ethtool -i` says it; "" for those without a row */
    /* In zero-copy the NIC is told the room in a chunk in steps of so many bytes, rounded down, and
     * what doesn't fit comes as a frame of its own without a word. */
    uint32_t room_step;
    /* Its transmit function wants headroom in a frame that another port redirects to it, and one
     * that comes from zero-copy memory has none: nothing could cross by itself. */
    bool crossing_needs_headroom;
    bool no_metadata;           /* no room for an arrival time before a frame */
    const char *zerocopy_from;  /* kernel; "" without, NULL where it isn't known */
    const char *zerocopy_needs; /* what else; NULL: nothing known */
    enum driver_source source;
    const char *place; /* in the kernel's source, or what was run */
};

/* The row of that name. One that isn't there is taken for the worst in what can be provided for. */
const struct driver *driver_of(const char *name);

/* Whether that is a row of the table. */
static inline bool driver_is_known(const struct driver *driver)
{
    return driver->name[0] != '\0';
}

/* Bytes of a frame that fit into a chunk in zero-copy. */
uint32_t driver_zerocopy_room(const struct driver *driver, uint32_t frame_size);

#endif
