// SPDX-License-Identifier: BSD-2-Clause
#include "worker_ring.h"

#include <errno.h>
#include <stdlib.h>

int worker_ring_new(struct worker_ring **out)
{
    struct worker_ring *ring = aligned_alloc(_Alignof(struct worker_ring), sizeof(*ring));

    if (!ring)
        return -ENOMEM;
    memset(ring, 0, sizeof(*ring));
    *out = ring;
    return 0;
}
