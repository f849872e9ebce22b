// SPDX-License-Identifier: BSD-2-Clause
#include "dt_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "dt_kernel_abi.h"
#include "dt_reference.h"

#include "dt.skel.h"
#include "dt_hosts.skel.h"

enum { ROOM_LEAST = 4096 }; /* nodes and scores: a small model may give way to one of some size */

struct dt_kernel {
    struct path_program program;
    bool forest;
    uint32_t node_room; /* powers of two */
    uint32_t cell_room;
    uint64_t *nodes; /* [node_room + 1], scratch of fill */
    int32_t *scores; /* [cell_room] */
};

static uint32_t room_for(uint32_t count)
{
    uint32_t room = ROOM_LEAST;

    while (room < 2 * count)
        room *= 2;
    return room;
}

static int write_map(const struct path_program *program, const char *name, uint32_t generation,
                     const void *value, struct error *error)
{
    int map = bpf_map__fd(bpf_object__find_map_by_name(program->object, name));

    if (bpf_map_update_elem(map, &generation, value, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "cannot write the map %s: %s", name, strerror(errno));
}

/* What stands in a leaf's threshold. */
static uint32_t leaf_content(const struct dt_model *model, const struct dt_node *leaf, bool forest)
{
    const int32_t *scores = model->scores + (size_t)leaf->threshold * model->shape.class_count;

    if (forest)
        return leaf->threshold;
    struct verdict verdict =
        verdict_of_scores(scores, model->shape.class_count, &model->shape.confidence);
    return verdict.class_index | (uint32_t)verdict.confidence << 16;
}

static uint32_t depth_of(const struct dt_model *model)
{
    uint32_t depth = 0;

    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        if (model->shape.tree[t].depth > depth)
            depth = model->shape.tree[t].depth;
    return depth;
}

static void pack(struct dt_kernel *kernel, const struct dt_model *model,
                 struct dt_kernel_shape *shape)
{
    *shape = (struct dt_kernel_shape){
        .class_count = model->shape.class_count,
        .tree_count = model->shape.tree_count,
        .depth = depth_of(model),
        .confidence = model->shape.confidence,
    };
    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        shape->root[t] = model->shape.tree[t].root;
    for (uint32_t i = 0; i < model->node_count; i++) {
        const struct dt_node *node = &model->nodes[i];
        uint32_t threshold =
            dt_node_is_leaf(node) ? leaf_content(model, node, kernel->forest) : node->threshold;

        kernel->nodes[i] = dt_kernel_node(threshold, dt_node_left(node), dt_node_value(node));
    }
    if (kernel->forest)
        memcpy(kernel->scores, model->scores,
               (size_t)model->row_count * model->shape.class_count * sizeof(*model->scores));
}

/* What no program takes, whatever room it has. */
static int check_limits(const struct dt_model *model, struct error *error)
{
    if (model->shape.tree_count > DT_KERNEL_TREES_MAX)
        return error_set(error, -E2BIG,
                         "a forest of %u trees: in the kernel it may have up to %d, in user space "
                         "%d (--datapath afxdp)",
                         model->shape.tree_count, DT_KERNEL_TREES_MAX, DT_TREES_MAX);
    if (depth_of(model) > DT_KERNEL_DEPTH_MAX)
        return error_set(error, -E2BIG,
                         "a tree %u deep: in the kernel it may be up to %d, in user space %d "
                         "(--datapath afxdp)",
                         depth_of(model), DT_KERNEL_DEPTH_MAX, DT_DEPTH_MAX);
    return 0;
}

static int fill(struct path_program *program, uint32_t generation, const void *model_,
                struct error *error)
{
    struct dt_kernel *kernel = (struct dt_kernel *)program;
    const struct dt_model *model = model_;
    struct dt_kernel_shape shape;

    if (model->shape.feature_set != program->feature_set)
        return error_set(error, -E2BIG, "the loaded program is for feature set %u",
                         program->feature_set);
    if ((model->shape.tree_count > 1) != kernel->forest || check_limits(model, error) != 0 ||
        model->node_count > kernel->node_room ||
        (kernel->forest && model->row_count * model->shape.class_count > kernel->cell_room))
        return error_set(error, -E2BIG,
                         "the loaded program is for a %s of up to %u nodes and %u scores",
                         kernel->forest ? "forest" : "tree", kernel->node_room, kernel->cell_room);
    pack(kernel, model, &shape);
    int status = write_map(program, "dt_shapes", generation, &shape, error);
    if (status == 0)
        status = write_map(program, "dt_nodes", generation, kernel->nodes, error);
    if (status == 0 && kernel->forest)
        status = write_map(program, "dt_scores", generation, kernel->scores, error);
    return status;
}

static void destroy(struct path_program *program)
{
    struct dt_kernel *kernel = (struct dt_kernel *)program;

    free(kernel->nodes);
    free(kernel->scores);
    free(kernel);
}

/* Sizes the maps. */
static int make_room(struct dt_kernel *kernel, const struct dt_model *model)
{
    const struct bpf_object *object = kernel->program.object;
    struct dt_kernel_limits limits;

    kernel->node_room = room_for(model->node_count);
    kernel->cell_room = room_for(model->row_count * model->shape.class_count);
    limits.child_mask = (kernel->node_room - 1) * 8;
    limits.cell_mask = kernel->cell_room - 1;
    kernel->nodes = calloc(kernel->node_room + 1, sizeof(*kernel->nodes));
    kernel->scores = calloc(kernel->cell_room, sizeof(*kernel->scores));
    if (!kernel->nodes || !kernel->scores)
        return -ENOMEM;
    int status = bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata.dt"),
                                            &limits, sizeof(limits));
    if (status == 0)
        status = bpf_map__set_value_size(bpf_object__find_map_by_name(object, "dt_nodes"),
                                         8 * (kernel->node_room + 1));
    if (status == 0)
        status = bpf_map__set_value_size(bpf_object__find_map_by_name(object, "dt_scores"),
                                         4 * kernel->cell_room);
    return status;
}

int dt_kernel_new(struct path_program **out, const struct dt_model *model, struct error *error)
{
    static const char *const left_out[2][3] = {{"afxdp_dt_forest", "dt_scores"}, {"afxdp_dt_tree"}};
    size_t size;
    const void *bytes = model->shape.feature_set == FEATURE_SET_2 ? dt_hosts_bpf__elf_bytes(&size)
                                                                  : dt_bpf__elf_bytes(&size);

    int status = check_limits(model, error);
    if (status != 0)
        return status;
    struct dt_kernel *kernel = calloc(1, sizeof(*kernel));
    if (!kernel)
        return error_set(error, -ENOMEM, "no memory");
    kernel->forest = model->shape.tree_count > 1;
    kernel->program = (struct path_program){
        .entry = kernel->forest ? "afxdp_dt_forest" : "afxdp_dt_tree",
        .form = kernel->forest ? "forest" : "tree",
        .feature_set = model->shape.feature_set,
        .fill = fill,
        .destroy = destroy,
    };
    status = path_program_open(&kernel->program, bytes, size, left_out[kernel->forest], error);
    if (status == 0) {
        status = make_room(kernel, model);
        if (status != 0)
            error_set(error, status, "cannot make room for the model: %s", strerror(-status));
    }
    if (status != 0) {
        path_program_free(&kernel->program);
        return status;
    }
    *out = &kernel->program;
    return 0;
}
