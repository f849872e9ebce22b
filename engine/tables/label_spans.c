// SPDX-License-Identifier: BSD-2-Clause
#include "label_spans_private.h"

#include <errno.h>
#include <stdlib.h>

/* A row begins to hold, or holds no longer: `from` on. */
struct edge {
    int64_t from;
    uint32_t row; /* its place among the group's */
    uint32_t begins;
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

/* A heap of the rows that have begun, the lowest first; those that ended are taken off when they
 * come to the top. */
static void heap_add(uint32_t *heap, uint32_t *size, uint32_t row)
{
    uint32_t at = (*size)++;

    for (; at > 0 && heap[(at - 1) / 2] > row; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = row;
}

static void heap_take(uint32_t *heap, uint32_t *size)
{
    uint32_t row = heap[--*size];
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child + 1 < *size && heap[child + 1] < heap[child])
            child++;
        if (child >= *size || heap[child] >= row)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = row;
}

static size_t sweep(struct label_span *spans, const struct edge *edges, size_t edge_count,
                    const struct label_times *times, const uint32_t *rows, uint32_t *heap)
{
    uint32_t size = 0;
    size_t made = 0;

    for (size_t i = 0; i < edge_count;) {
        int64_t from = edges[i].from;

        for (; i < edge_count && edges[i].from == from; i++) {
            if (edges[i].begins)
                heap_add(heap, &size, edges[i].row);
        }
        while (size > 0 && times[rows[heap[0]]].end < from)
            heap_take(heap, &size);
        uint32_t row = size > 0 ? rows[heap[0]] : LABEL_NO_ROW;
        if (made == 0 || spans[made - 1].row != row)
            spans[made++] = (struct label_span){from, row};
    }
    return made;
}

ptrdiff_t label_spans_make(struct label_span **spans, const struct label_times *times,
                           const uint32_t *rows, uint32_t count)
{
    size_t most = 2 * (size_t)count;
    struct edge *edges = calloc(most + 1, sizeof(*edges));
    uint32_t *heap = calloc((size_t)count + 1, sizeof(*heap));
    struct label_span *made = calloc(most + 1, sizeof(*made));
    ptrdiff_t result = -ENOMEM;

    if (!edges || !heap || !made)
        goto out;
    size_t edge_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct label_times *row = &times[rows[i]];

        if (row->end < row->start)
            continue;
        edges[edge_count++] = (struct edge){row->start, i, 1};
        if (row->end < INT64_MAX)
            edges[edge_count++] = (struct edge){row->end + 1, i, 0};
    }
    qsort(edges, edge_count, sizeof(*edges), compare_edges);
    result = (ptrdiff_t)sweep(made, edges, edge_count, times, rows, heap);
    *spans = made;
    made = NULL;
out:
    free(edges);
    free(heap);
    free(made);
    return result;
}

const struct label_span *label_spans_find(const struct label_span *spans, size_t count,
                                          int64_t time)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (spans[middle].from <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &spans[low - 1] : NULL;
}
