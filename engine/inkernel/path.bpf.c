// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The path with no model in it (`--model none`): what everything but inference costs. */
#include "path.bpf.h"

SEC("xdp")
int afxdp_none(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    enum path_next next = path_features(context, cpu, true);
    if (path_is_left_alone(next))
        return path_leave_alone(context, cpu, next);
    cpu->work.verdict = (struct verdict){0, CONFIDENCE_MAX};
    return path_end(context, cpu, next, true);
}

char path_license[] SEC("license")
= "GPL";
