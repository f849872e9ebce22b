// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A tree, or a forest, inside XDP. No branch depends on a packet's features: the verifier walks one
 * path, and nothing is mispredicted. */
#include "dt_kernel_abi.h"
#include "path.bpf.h"

const volatile struct dt_kernel_limits dt_limits SEC(".rodata.dt") = {};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PATH_GENERATIONS);
    __type(key, __u32);
    __type(value, struct dt_kernel_shape);
} dt_shapes SEC(".maps");

/* Sizes of the values are set before loading: dt_limits, and one node more, which a leaf at the end
 * loads and never takes. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PATH_GENERATIONS);
    __uint(key_size, 4);
    __uint(value_size, 16);
} dt_nodes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PATH_GENERATIONS);
    __uint(key_size, 4);
    __uint(value_size, 16);
} dt_scores SEC(".maps");

/* Loads a bound anew each time: what the verifier learns of it at one exit of a loop would make all
 * that follows look different from what followed the other exits. */
#define BOUND(value) (*(const volatile uint32_t *)&(value))

/* The leaf that a packet ends in. */
ALWAYS_INLINE uint64_t dt_leaf(const struct dt_kernel_shape *shape, const uint64_t *nodes,
                               uint32_t root, const struct path_work *work)
{
    uint64_t node = *(const uint64_t *)(const void *)((const uint8_t *)nodes +
                                                      ((root << 3) & dt_limits.child_mask));

    for (uint32_t i = 0; i < DT_KERNEL_DEPTH_MAX && i < BOUND(shape->depth); i++)
        node = dt_kernel_step(nodes, dt_limits.child_mask, node, work);
    return node;
}

SEC("xdp")
int afxdp_dt_tree(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, true);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    if (next == PATH_CLASSIFY) {
        uint32_t generation = cpu->work.generation;
        const struct dt_kernel_shape *shape = bpf_map_lookup_elem(&dt_shapes, &generation);
        const uint64_t *nodes = bpf_map_lookup_elem(&dt_nodes, &generation);

        if (!shape || !nodes)
            return XDP_ABORTED;
        uint64_t leaf = dt_leaf(shape, nodes, 0, &cpu->work) >> DT_THRESHOLD_SHIFT;
        cpu->work.verdict = (struct verdict){(uint16_t)leaf, (uint16_t)(leaf >> 16)};
    }
    return path_end(context, cpu, next, true);
}

ALWAYS_INLINE void dt_forest(const struct dt_kernel_shape *shape, const uint64_t *nodes,
                             const int32_t *scores, struct path_work *work)
{
    int32_t *sums = (int32_t *)(void *)work->scratch;

    for (uint32_t c = 0; c < CLASSES_MAX && c < BOUND(shape->class_count); c++)
        sums[c] = 0;
    for (uint32_t t = 0; t < DT_KERNEL_TREES_MAX && t < BOUND(shape->tree_count); t++) {
        uint64_t leaf = dt_leaf(shape, nodes, shape->root[t], work);
        uint32_t cell = (uint32_t)(leaf >> DT_THRESHOLD_SHIFT) * shape->class_count;

        for (uint32_t c = 0; c < CLASSES_MAX && c < BOUND(shape->class_count); c++)
            sums[c] += scores[(cell + c) & dt_limits.cell_mask];
    }
    work->verdict = verdict_of_scores(sums, shape->class_count, &shape->confidence);
}

SEC("xdp")
int afxdp_dt_forest(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, true);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    if (next == PATH_CLASSIFY) {
        uint32_t generation = cpu->work.generation;
        const struct dt_kernel_shape *shape = bpf_map_lookup_elem(&dt_shapes, &generation);
        const uint64_t *nodes = bpf_map_lookup_elem(&dt_nodes, &generation);
        const int32_t *scores = bpf_map_lookup_elem(&dt_scores, &generation);

        if (!shape || !nodes || !scores)
            return XDP_ABORTED;
        dt_forest(shape, nodes, scores, &cpu->work);
    }
    return path_end(context, cpu, next, true);
}

char dt_license[] SEC("license")
= "GPL";
