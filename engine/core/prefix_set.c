// SPDX-License-Identifier: BSD-2-Clause
#include "prefix_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prefix_list.h"

enum { ELEMENTS_MOST = 1 << 25 }; /* 1 GiB */

struct builder {
    const struct prefix *prefix; /* sorted, none within another */
    union prefix_element *element;
    uint32_t count, room;
};

/* Places of `count` more elements, or 0. They may move all others. */
static uint32_t take(struct builder *b, uint32_t count)
{
    uint32_t place = b->count;

    if (count > ELEMENTS_MOST - b->count) {
        errno = E2BIG;
        return 0;
    }
    if (b->count + count > b->room) {
        uint32_t room = b->count + count + b->room / 2;
        union prefix_element *grown = reallocarray(b->element, room, sizeof(*grown));

        if (!grown)
            return 0;
        b->element = grown;
        b->room = room;
    }
    memset(&b->element[place], 0, count * sizeof(*b->element));
    b->count += count;
    return place;
}

/* The six bits behind the first `depth`. */
static uint32_t child_of(const struct prefix *prefix, uint32_t depth)
{
    uint64_t bits = depth < 64 ? prefix->high << depth : prefix->low << (depth - 64);

    return (uint32_t)(bits >> (64 - PREFIX_STEP_BITS));
}

/* Up to where prefixes share the child of the first. */
static uint32_t same_child(const struct builder *b, uint32_t from, uint32_t to, uint32_t depth)
{
    uint32_t end = from + 1;

    while (end < to && child_of(&b->prefix[end], depth) == child_of(&b->prefix[from], depth))
        end++;
    return end;
}

static struct prefix_node maps_of(const struct builder *b, uint32_t from, uint32_t to,
                                  uint32_t depth)
{
    struct prefix_node node = {.inner = 0};

    for (uint32_t i = from; i < to; i++) {
        uint32_t child = child_of(&b->prefix[i], depth);
        uint32_t behind = b->prefix[i].length - depth; /* bits, at least 1 */

        if (behind > PREFIX_STEP_BITS)
            node.inner |= UINT64_C(1) << child;
        else
            node.all |= ((UINT64_C(1) << (1U << (PREFIX_STEP_BITS - behind))) - 1) << child;
    }
    return node;
}

/* Fills the element with what [from, to) say of the addresses that share their first `depth` bits:
 * each of these prefixes is longer than that. At most PREFIX_STEPS_MOST deep. */
static int fill(struct builder *b, uint32_t place, uint32_t from, uint32_t to, uint32_t depth)
{
    const struct prefix *first = &b->prefix[from];

    if (to - from == 1) {
        b->element[place].node =
            (struct prefix_node){.inner = first->high, .all = first->low, .length = first->length};
        return 0;
    }
    struct prefix_node node = maps_of(b, from, to, depth);
    if (node.inner) {
        node.first = take(b, prefix_ones(node.inner));
        if (!node.first)
            return -errno;
    }
    b->element[place].node = node;
    uint32_t child = node.first;
    int status = 0;
    for (uint32_t end; status == 0 && from < to; from = end) {
        end = same_child(b, from, to, depth);
        if (b->prefix[from].length - depth > PREFIX_STEP_BITS)
            status = fill(b, child++, from, end, depth + PREFIX_STEP_BITS);
    }
    return status;
}

static uint32_t *top_word(const struct builder *b, uint32_t version, uint32_t top)
{
    uint32_t base = version == 6 ? PREFIX_TOP_ELEMENTS : 0;

    return &b->element[base + top / PREFIX_TOP_WORDS].top[top % PREFIX_TOP_WORDS];
}

static uint32_t top_of(const struct prefix *prefix)
{
    return (uint32_t)(prefix->high >> (64 - PREFIX_TOP_BITS));
}

static int fill_top(struct builder *b, uint32_t count)
{
    uint32_t end;

    for (uint32_t i = 0; i < count; i = end) {
        const struct prefix *prefix = &b->prefix[i];
        uint32_t top = top_of(prefix);

        end = i + 1;
        if (prefix->length <= PREFIX_TOP_BITS) {
            for (uint32_t n = 0; n < 1U << (PREFIX_TOP_BITS - prefix->length); n++)
                *top_word(b, prefix->version, top + n) = PREFIX_ALL;
            continue;
        }
        while (end < count && b->prefix[end].version == prefix->version &&
               top_of(&b->prefix[end]) == top)
            end++;
        uint32_t place = take(b, 1);
        if (!place)
            return -errno;
        *top_word(b, prefix->version, top) = place;
        int status = fill(b, place, i, end, PREFIX_TOP_BITS);
        if (status != 0)
            return status;
    }
    return 0;
}

static bool within(const struct prefix *prefix, const struct prefix *other)
{
    const struct prefix_node leaf = {
        .inner = other->high, .all = other->low, .length = other->length};
    const struct prefix_address address = {.high = prefix->high, .low = prefix->low};

    return prefix->version == other->version && prefix_leaf_has(&leaf, &address);
}

/* A copy without those that lie within others; how many are left. */
static uint32_t outer_ones(struct prefix *to, const struct prefix_list *list)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < list->count; i++)
        if (count == 0 || !within(&list->prefix[i], &to[count - 1]))
            to[count++] = list->prefix[i];
    return count;
}

int prefix_set_new(union prefix_element **out, uint32_t *count, const struct prefix_list *list,
                   struct error *error)
{
    struct prefix *outer = calloc(list->count + 1UL, sizeof(*outer));
    struct builder b = {.prefix = outer};
    int status = -ENOMEM;

    if (outer) {
        errno = ENOMEM;
        b.room = PREFIX_NODES_FROM + list->count;
        b.element = calloc(b.room, sizeof(*b.element));
    }
    if (b.element) {
        b.count = PREFIX_NODES_FROM;
        status = fill_top(&b, outer_ones(outer, list));
    }
    free(outer);
    if (status != 0) {
        free(b.element);
        return error_set(error, status, "%u prefixes take too much memory", list->count);
    }
    *out = b.element;
    *count = b.count;
    return 0;
}
