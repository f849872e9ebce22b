// SPDX-License-Identifier: BSD-2-Clause
/* How much memory this process may still take: the least of what the machine has and what the
 * cgroups that it is in, v1 or v2, leave on any level. Whoever takes more is killed. */
#ifndef AFXDP_MEMORY_ROOM_H
#define AFXDP_MEMORY_ROOM_H

#include <stdint.h>

struct memory_room {
    uint64_t bytes;          /* UINT64_MAX: nothing says */
    uint64_t huge_bytes;     /* further ones in reserved pages of 2 MiB */
    uint64_t gigantic_bytes; /* and of 1 GiB */
    char whose[256];         /* the file that says `bytes`, with its limit */
};

/* Reads /proc and the cgroups' files, all below the folder `root` ("" but for tests). */
void memory_room_read(struct memory_room *room, const char *root);

#endif
