// SPDX-License-Identifier: BSD-2-Clause
/* Which cores the workers run on. */
#ifndef AFXDP_CORES_H
#define AFXDP_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum { CORES_MAX = 256 };

struct cores {
    uint32_t count;
    int core[CORES_MAX]; /* of each worker */
    bool shared;         /* some core has more than one worker */
};

/* Cores for `workers` workers near the interface: those of its NUMA node that this process may use,
 * one of each pair of hyperthreads before the others. Elsewhere, then several to a core, when these
 * don't suffice. */
void cores_choose(struct cores *cores, const char *interface, uint32_t workers);

/* "2,4-7": worker i gets the i-th. -EINVAL for text that isn't a list, for fewer cores than workers
 * and for one that this process may not use. */
int cores_parse(struct cores *cores, const char *text, uint32_t workers, struct error *error);

#endif
