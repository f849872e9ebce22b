// SPDX-License-Identifier: BSD-2-Clause
#include "umem.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static void *map(size_t size, int flags)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void place(void *memory, size_t size, int node)
{
    if (node < 0 || numa_available() < 0 || node > numa_max_node())
        return;
    numa_set_bind_policy(0); /* rather on another node than not at all */
    numa_tonode_memory(memory, size, node);
}

int umem_map(struct umem *umem, uint32_t frames, uint32_t frame_size, int node, bool multi_buffer,
             struct error *error)
{
    size_t bytes = (size_t)frames * frame_size;

    if (frame_size != UMEM_FRAME_SIZE_LEAST && frame_size != UMEM_FRAME_SIZE_MOST)
        return error_set(error, -EINVAL, "a frame size of %u: should be %d or %d", frame_size,
                         UMEM_FRAME_SIZE_LEAST, UMEM_FRAME_SIZE_MOST);
    *umem = (struct umem){
        .frame_size = frame_size,
        .frame_shift = (uint32_t)__builtin_ctz(frame_size),
        .frames = frames,
        .size = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
    };
    umem->memory = map(umem->size, MAP_HUGETLB);
    umem->huge_pages = umem->memory != NULL;
    if (!umem->memory)
        umem->memory = map(umem->size, 0);
    umem->free_stack = calloc(frames, sizeof(*umem->free_stack));
    if (multi_buffer)
        umem->next = calloc(frames, sizeof(*umem->next));
    if (!umem->memory || !umem->free_stack || (multi_buffer && !umem->next)) {
        umem_unmap(umem);
        return error_set(error, -ENOMEM, "no memory for %u frames of %u bytes", frames, frame_size);
    }
    place(umem->memory, umem->size, node);
    if (!umem->huge_pages)
        (void)madvise(umem->memory, umem->size, MADV_HUGEPAGE);
    memset(umem->memory, 0, umem->size); /* now, rather than page by page under the first packets */
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
