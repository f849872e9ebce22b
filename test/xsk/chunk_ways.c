// SPDX-License-Identifier: BSD-2-Clause
#include "chunk_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel_side.h"

#define TO(place) (1u << KERNEL_PLACE_##place)

/* From each place, by each kind of step. Chunks in the other port's rings stay. */
static const uint16_t ways[WALK_STEPS][KERNEL_PLACES] = {
    [KERNEL_HOLDS][KERNEL_PLACE_FILL] = TO(HELD),
    [KERNEL_DELIVERS][KERNEL_PLACE_HELD] = TO(RX),
    [KERNEL_SENDS][KERNEL_PLACE_TX] = TO(LEAVING),
    [KERNEL_COMPLETES][KERNEL_PLACE_LEAVING] = TO(COMPLETION),
    [WORKER_RECEIVES][KERNEL_PLACE_COMPLETION] = TO(FREE) | TO(FILL),
    [WORKER_RECEIVES][KERNEL_PLACE_FREE] = TO(FILL),
    [WORKER_RECEIVES][KERNEL_PLACE_RX] = TO(HAND),
    [WORKER_SENDS][KERNEL_PLACE_COMPLETION] = TO(FREE),
    [WORKER_SENDS][KERNEL_PLACE_HAND] = TO(TX),
    [WORKER_RELEASES][KERNEL_PLACE_HAND] = TO(FREE),
    [WORKER_FLUSHES][KERNEL_PLACE_FREE] = TO(FILL),
    [WORKER_FLUSHES][KERNEL_PLACE_TX] = TO(LEAVING) | TO(COMPLETION) | TO(FREE),
    [WORKER_FLUSHES][KERNEL_PLACE_LEAVING] = TO(COMPLETION) | TO(FREE),
    [WORKER_FLUSHES][KERNEL_PLACE_COMPLETION] = TO(FREE),
};

static bool is_of_port(uint8_t place, uint32_t port)
{
    uint32_t kind = place % KERNEL_PLACE_PORT;

    return kind == KERNEL_PLACE_FREE || kind == KERNEL_PLACE_HAND ||
           (uint32_t)place / KERNEL_PLACE_PORT == port;
}

void chunk_ways_check(const uint8_t *before, const uint8_t *after, uint32_t chunks,
                      enum walk_step step, uint32_t port)
{
    for (uint32_t i = 0; i < chunks; i++) {
        uint8_t from = before[i];
        uint8_t to = after[i];

        if (from == to)
            continue;
        if (!is_of_port(from, port) || !is_of_port(to, port) ||
            !(ways[step][from % KERNEL_PLACE_PORT] & 1u << to % KERNEL_PLACE_PORT))
            fail_msg("chunk %u went from place %u to %u by step %d of port %u", i, from, to,
                     (int)step, port);
    }
}
