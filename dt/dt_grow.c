// SPDX-License-Identifier: BSD-2-Clause
#include "dt_grow.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1e30 /* so that no sum of all trees leaves what a double holds */

enum { ROOM_LEAST = 64 };

int dt_grow_begin(struct dt_grow *grow, uint32_t feature_set, uint32_t class_count,
                  struct error *error)
{
    struct dt_ensemble *ensemble = calloc(1, sizeof(*ensemble));

    if (!ensemble)
        return error_set(error, -ENOMEM, "no memory for the trees");
    ensemble->feature_set = feature_set;
    ensemble->class_count = class_count;
    *grow = (struct dt_grow){.ensemble = ensemble, .error = error};
    return 0;
}

/* A new node's place. */
static int add_node(struct dt_grow *grow, uint32_t *place)
{
    struct dt_ensemble *ensemble = grow->ensemble;

    if (ensemble->node_count == DT_NODES_MAX)
        return error_set(grow->error, -EINVAL,
                         "more than %d nodes, or a tree that leads back to itself", DT_NODES_MAX);
    if (ensemble->node_count == grow->node_room) {
        uint32_t room = grow->node_room ? 2 * grow->node_room : ROOM_LEAST;
        struct dt_ensemble_node *more = realloc(ensemble->nodes, room * sizeof(*more));

        if (!more)
            return error_set(grow->error, -ENOMEM, "no memory for %u nodes", room);
        ensemble->nodes = more;
        grow->node_room = room;
    }
    *place = ensemble->node_count++;
    ensemble->nodes[*place] = (struct dt_ensemble_node){.tree = ensemble->tree_count};
    return 0;
}

/* A new row of weights, all 0. */
static int add_row(struct dt_grow *grow, uint32_t *row)
{
    struct dt_ensemble *ensemble = grow->ensemble;

    if (ensemble->row_count == grow->row_room) {
        uint32_t room = grow->row_room ? 2 * grow->row_room : ROOM_LEAST;
        size_t size = (size_t)room * ensemble->class_count * sizeof(double);
        double *more = NULL;

        if ((size_t)ensemble->row_count * ensemble->class_count > DT_CELLS_MAX)
            return error_set(grow->error, -EINVAL, "more than %d scores", DT_CELLS_MAX);
        more = realloc(ensemble->weights, size);
        if (!more)
            return error_set(grow->error, -ENOMEM, "no memory for %u leaves", room);
        ensemble->weights = more;
        grow->row_room = room;
    }
    *row = ensemble->row_count++;
    memset(ensemble->weights + (size_t)*row * ensemble->class_count, 0,
           ensemble->class_count * sizeof(double));
    return 0;
}

/* A node of the source that has its place already. */
struct pending {
    uint32_t source;
    uint32_t place;
    bool nonzero; /* the feature is known not to be 0 */
};

struct queue {
    struct pending *items;
    size_t count;
    size_t room;
};

/* Puts a child of `place` at the end of the queue. */
static int push(struct dt_grow *grow, struct queue *queue, uint32_t source, bool nonzero,
                uint32_t *place)
{
    int err = add_node(grow, place);

    if (err)
        return err;
    if (queue->count == queue->room) {
        size_t room = queue->room ? 2 * queue->room : ROOM_LEAST;
        struct pending *more = realloc(queue->items, room * sizeof(*more));

        if (!more)
            return error_set(grow->error, -ENOMEM, "no memory for %zu nodes", room);
        queue->items = more;
        queue->room = room;
    }
    queue->items[queue->count++] = (struct pending){source, *place, nonzero};
    return 0;
}

static int put_leaf(struct dt_grow *grow, const struct dt_source_node *node, uint32_t place,
                    double factor)
{
    struct dt_ensemble *ensemble = grow->ensemble;
    double number = node->value * factor;
    uint32_t row = 0;

    if (node->class_index >= ensemble->class_count)
        return error_set(grow->error, -EINVAL, "tree %u: a leaf belongs to class %u of %u",
                         ensemble->tree_count, node->class_index, ensemble->class_count);
    if (!(fabs(number) <= NUMBER_MAX)) /* nor NaN */
        return error_set(grow->error, -EINVAL, "tree %u: a leaf has the number %g",
                         ensemble->tree_count, number);
    int err = add_row(grow, &row);
    if (err)
        return err;
    ensemble->weights[(size_t)row * ensemble->class_count + node->class_index] = number;
    ensemble->nodes[place].mode = DT_MODE_LEAF;
    ensemble->nodes[place].row = row;
    return 0;
}

/* Where 0 is missing and goes another way than it would be sent, a branch of its own asks for it
 * first. */
static int put_branch(struct dt_grow *grow, struct queue *queue, const struct dt_source_node *nodes,
                      const struct pending *at)
{
    struct dt_ensemble *ensemble = grow->ensemble;
    const struct dt_source_node *node = &nodes[at->source];
    struct dt_ensemble_node made = {
        .mode = node->mode,
        .tree = ensemble->tree_count,
        .feature = node->feature,
        .value = node->value,
    };
    bool asked = dt_ensemble_yes(ensemble, &made, 0);
    bool wanted = node->zero == DT_ZERO_YES;
    int err;

    if (node->zero != DT_ZERO_ASKED && asked != wanted && !at->nonzero) {
        made.mode = DT_MODE_LEQ;
        made.value = 0;
        err = push(grow, queue, wanted ? node->yes : node->no, false, &made.yes);
        if (!err)
            err = push(grow, queue, at->source, true, &made.no);
    } else {
        err = push(grow, queue, node->yes, false, &made.yes);
        if (!err)
            err = push(grow, queue, node->no, false, &made.no);
    }
    ensemble->nodes[at->place] = made;
    return err;
}

static int check_branch(const struct dt_grow *grow, const struct dt_source_node *node,
                        uint32_t node_count)
{
    uint32_t features = feature_count(grow->ensemble->feature_set);

    if (node->feature >= features)
        return error_set(grow->error, -EINVAL, "tree %u: a node tests feature %u of %u",
                         grow->ensemble->tree_count, node->feature, features);
    if (isnan(node->value))
        return error_set(grow->error, -EINVAL, "tree %u: a node's threshold is NaN",
                         grow->ensemble->tree_count);
    if (node->yes >= node_count || node->no >= node_count)
        return error_set(grow->error, -EINVAL, "tree %u: a node leads to node %u of %u",
                         grow->ensemble->tree_count, node->yes >= node_count ? node->yes : node->no,
                         node_count);
    return 0;
}

int dt_grow_tree(struct dt_grow *grow, const struct dt_source_node *nodes, uint32_t node_count,
                 uint32_t root, double factor)
{
    struct dt_ensemble *ensemble = grow->ensemble;
    struct queue queue = {0};
    int err = 0;

    if (ensemble->tree_count == DT_TREES_MAX)
        return error_set(grow->error, -EINVAL, "more than %d trees", DT_TREES_MAX);
    if (root >= node_count)
        return error_set(grow->error, -EINVAL, "tree %u: no node %u among %u", ensemble->tree_count,
                         root, node_count);
    err = push(grow, &queue, root, false, &ensemble->root[ensemble->tree_count]);
    for (size_t i = 0; !err && i < queue.count; i++) {
        struct pending at = queue.items[i];
        const struct dt_source_node *node = &nodes[at.source];

        if (node->mode == DT_MODE_LEAF) {
            err = put_leaf(grow, node, at.place, factor);
            continue;
        }
        err = check_branch(grow, node, node_count);
        if (!err)
            err = put_branch(grow, &queue, nodes, &at);
    }
    free(queue.items);
    ensemble->tree_count++;
    return err;
}

int dt_grow_end(struct dt_grow *grow, const double *base)
{
    struct dt_ensemble *ensemble = grow->ensemble;

    if (ensemble->tree_count == 0)
        return error_set(grow->error, -EINVAL, "there is no tree");
    for (uint32_t k = 0; k < ensemble->class_count; k++) {
        if (!(fabs(base[k]) <= NUMBER_MAX))
            return error_set(grow->error, -EINVAL, "the base score of class %u is %g", k, base[k]);
    }
    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[i];

        if (node->mode != DT_MODE_LEAF || node->tree != 0)
            continue;
        for (uint32_t k = 0; k < ensemble->class_count; k++)
            ensemble->weights[(size_t)node->row * ensemble->class_count + k] += base[k];
    }
    return 0;
}
