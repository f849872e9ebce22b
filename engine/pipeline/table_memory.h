// SPDX-License-Identifier: BSD-2-Clause
/* Anonymous memory for tables that packets touch at random, and the seed of their hash. */
#ifndef AFXDP_TABLE_MEMORY_H
#define AFXDP_TABLE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "pages.h"

struct table_memory {
    void *start; /* zeros */
    size_t size; /* bytes, a multiple of a huge page */
    enum pages pages;
};

/* Maps at least `size` bytes of zeros. `ready`: all memory is there at once, in huge pages where
 * possible; else in small pages as they are touched. -ENOMEM; the caller knows what it was for. */
int table_memory_map(struct table_memory *memory, size_t size, bool ready);

void table_memory_unmap(struct table_memory *memory); /* takes one that is all zeros */

/* The seed that is given, or a random one: nobody can choose keys that collide. -errno. */
int table_seed(uint64_t *seed, bool fixed, uint64_t given, struct error *error);

#endif
