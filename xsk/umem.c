// SPDX-License-Identifier: BSD-2-Clause
#include "umem.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <sys/mman.h>

static void place(void *memory, size_t size, int node)
{
    if (node < 0 || numa_available() < 0 || node > numa_max_node())
        return;
    numa_set_bind_policy(0); /* rather on another node than not at all */
    numa_tonode_memory(memory, size, node);
}

size_t umem_bytes(uint32_t frames, uint32_t frame_size, bool multi_buffer)
{
    const struct umem *umem = NULL;
    size_t beside = sizeof(*umem->free_stack) + (multi_buffer ? sizeof(*umem->next) : 0);

    return pages_round((size_t)frames * frame_size) + frames * beside;
}

int umem_map(struct umem *umem, uint32_t frames, uint32_t frame_size, int node, bool multi_buffer,
             struct error *error)
{
    if (frame_size != UMEM_FRAME_SIZE_LEAST && frame_size != UMEM_FRAME_SIZE_MOST)
        return error_set(error, -EINVAL, "a frame size of %u: should be %d or %d", frame_size,
                         UMEM_FRAME_SIZE_LEAST, UMEM_FRAME_SIZE_MOST);
    *umem = (struct umem){
        .frame_size = frame_size,
        .frame_shift = (uint32_t)__builtin_ctz(frame_size),
        .frames = frames,
        .size = pages_round((size_t)frames * frame_size),
    };
    umem->memory = pages_map(&umem->size, place, node, &umem->pages);
    umem->free_stack = calloc(frames, sizeof(*umem->free_stack));
    if (multi_buffer)
        umem->next = calloc(frames, sizeof(*umem->next));
    if (!umem->memory || !umem->free_stack || (multi_buffer && !umem->next)) {
        umem_unmap(umem);
        return error_set(error, -ENOMEM, "no memory for %u frames of %u bytes", frames, frame_size);
    }
    umem_reset(umem);
    return 0;
}

void umem_reset(struct umem *umem)
{
    umem->free_count = 0;
    for (uint32_t i = umem->frames; i-- > 0;) /* the lowest on top */
        umem->free_stack[umem->free_count++] = (uint64_t)i << umem->frame_shift;
}

void umem_unmap(struct umem *umem)
{
    if (umem->memory)
        munmap(umem->memory, umem->size);
    free(umem->free_stack);
    free(umem->next);
    *umem = (struct umem){0};
}
