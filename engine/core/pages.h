// SPDX-License-Identifier: BSD-2-Clause
/* Anonymous memory that is there before it is used: for what packets touch at random. */
#ifndef AFXDP_PAGES_H
#define AFXDP_PAGES_H

#include <stddef.h>

enum {
    HUGE_PAGE = 2 << 20,     /* bytes; a mapping's size is a multiple of it */
    GIGANTIC_PAGE = 1 << 30, /* as the kernel calls those of 1 GiB */
};

/* What a mapping lies in. */
enum pages {
    PAGES_ORDINARY,
    PAGES_TRANSPARENT, /* ordinary ones most of which the kernel has made huge */
    PAGES_HUGE,        /* reserved */
    PAGES_GIGANTIC,
};

const char *pages_name(enum pages pages);

static inline size_t pages_round(size_t size)
{
    return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

/* Where memory is to lie, before any of it is there. */
typedef void pages_place(void *memory, size_t size, int node);

/* Maps at least `*size` bytes of zeros: from 1 GiB on in reserved pages of 1 GiB, else in reserved
 * ones of 2 MiB, where there are enough that this process may have, else in small ones, of which
 * the kernel is asked to make huge ones. All are there on return, so that none is found missing
 * under a packet, which would be a SIGBUS. `place` (NULL: none) is called with `node` first. NULL
 * without memory; else munmap() it, of the `*size` that whole pages made of it. */
void *pages_map(size_t *size, pages_place *place, int node, enum pages *obtained);

/* Makes all pages of a mapping of zeros be there. -errno where they can't be, never a signal. */
int pages_populate(void *memory, size_t size);

#endif
