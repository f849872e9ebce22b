// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The network inside XDP, in three forms (nn_kernel.h chooses):
 *
 *   single     one program; its inference is written for the model as instructions with the weights
 *              in them, and spliced in at load (nn_emit.h, nn_splice.h)
 *   loops      one program with bounded loops over weights in a map
 *   tailcall   the reference's way: a program per step, layers follow each other by tail calls
 */
#include "nn_packed.h"
#include "path.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PATH_GENERATIONS);
    __type(key, __u32);
    __type(value, struct nn_packed);
} nn_models SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct nn_tables);
} nn_tables SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, NN_STEPS);
    __type(key, __u32);
    __type(value, __u32);
} nn_steps SEC(".maps");

ALWAYS_INLINE const struct nn_packed *nn_model_of(const struct path_work *work)
{
    uint32_t generation = work->generation;

    return bpf_map_lookup_elem(&nn_models, &generation);
}

/* The generated inference takes this one's place. The compiler is to believe that it uses and
 * changes all of the packet's work. */
static __attribute__((noinline)) void nn_generated(struct path_work *work)
{
    __asm__ volatile("" : : "r"(work) : "memory");
}

SEC(NN_SPLICED_SECTION)
int afxdp_nn_single(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, false);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    if (next == PATH_CLASSIFY)
        nn_generated(&cpu->work);
    return path_end(context, cpu, next, false);
}

SEC("xdp")
int afxdp_nn_loops(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, true);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    if (next == PATH_CLASSIFY) {
        const struct nn_packed *model = nn_model_of(&cpu->work);

        if (!model)
            return XDP_ABORTED;
        nn_begin(model, &cpu->work);
        for (uint32_t i = 0; i < NN_LAYERS_MAX - 1 && !nn_is_last(model, &cpu->work); i++)
            nn_hidden_layer(model, &cpu->work);
        nn_output_layer(model, &cpu->work);
    }
    return path_end(context, cpu, next, true);
}

/* A chain that ends early, which no set-up leaves possible, ends in `unsure`, counted as all. */
ALWAYS_INLINE int nn_chain_broken(struct xdp_md *context, struct path_cpu *cpu)
{
    cpu->work.slot = SLOT_UNSURE;
    return path_end(context, cpu, PATH_END, false);
}

SEC("xdp")
int afxdp_nn_entry(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, false);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    if (next == PATH_END)
        return path_end(context, cpu, next, false);
    const struct nn_packed *model = nn_model_of(&cpu->work);

    if (!model)
        return XDP_ABORTED;
    nn_begin(model, &cpu->work);
    if (!nn_is_last(model, &cpu->work))
        bpf_tail_call_static(context, &nn_steps, NN_STEP_LAYER);
    bpf_tail_call_static(context, &nn_steps, NN_STEP_OUTPUT);
    return nn_chain_broken(context, cpu);
}

SEC("xdp")
int afxdp_nn_layer(struct xdp_md *context)
{
    struct path_cpu *cpu = path_cpu(context);

    if (!cpu)
        return XDP_ABORTED;
    const struct nn_packed *model = nn_model_of(&cpu->work);
    if (!model)
        return XDP_ABORTED;
    nn_hidden_layer(model, &cpu->work);
    if (!nn_is_last(model, &cpu->work))
        bpf_tail_call_static(context, &nn_steps, NN_STEP_LAYER);
    bpf_tail_call_static(context, &nn_steps, NN_STEP_OUTPUT);
    return nn_chain_broken(context, cpu);
}

SEC("xdp")
int afxdp_nn_output(struct xdp_md *context)
{
    struct path_cpu *cpu = path_cpu(context);

    if (!cpu)
        return XDP_ABORTED;
    const struct nn_packed *model = nn_model_of(&cpu->work);
    if (!model)
        return XDP_ABORTED;
    nn_output_layer(model, &cpu->work);
    return path_end(context, cpu, PATH_CLASSIFY, false);
}

char nn_license[] SEC("license")
= "GPL";
