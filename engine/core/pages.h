// SPDX-License-Identifier: BSD-2-Clause
/* Anonymous memory that is there before it is used: for what packets touch at random. */
#ifndef AFXDP_PAGES_H
#define AFXDP_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { HUGE_PAGE = 2 << 20 }; /* bytes; a mapping's size is a multiple of it */

static inline size_t pages_round(size_t size)
{
    return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

/* Where memory is to lie, before any of it is there. */
typedef void pages_place(void *memory, size_t size, int node);

/* Maps `size` bytes of zeros: in reserved huge pages where there are enough that this process may
 * have, else in small ones, of which the kernel is asked to make huge ones. All are there on
 * return, so that none is found missing under a packet, which would be a SIGBUS. `place` (NULL:
 * none) is called with `node` first. NULL without memory; munmap() it. */
void *pages_map(size_t size, pages_place *place, int node, bool *huge);

/* Makes all pages of a mapping of zeros be there. -errno where they can't be, never a signal. */
int pages_populate(void *memory, size_t size);

#endif
