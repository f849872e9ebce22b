// SPDX-License-Identifier: BSD-2-Clause
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <bpf/libbpf.h>

enum {
    /* What a driver has at least for a frame of one buffer: a page less headroom and what the
     * kernel keeps at its end; and what an MTU doesn't count, a header and two VLAN tags. */
    BUFFER_LEAST = 4096 - 256 - 512,
    FRAME_OVERHEAD = 22,

    FLOWS_LEAST = 1 << 14,
    MEMORY_SHARE = 4, /* the flow tables' of what memory is there, unless --flows says more */
};

/* Options that have no meaning here are refused where they promise something, else told. */
static int check_options(const struct engine_options *options, struct error *error)
{
    const struct live_options *live = &options->live;

    if (live->mode == LIVE_ZEROCOPY || live->mode == LIVE_COPY)
        return error_set(error, -EINVAL,
                         "--mode %s: with --datapath kernel there is no socket to copy to; it runs "
                         "natively, or with --mode skb in the kernel's generic path",
                         live->mode == LIVE_ZEROCOPY ? "zerocopy" : "copy");
    if (live->timestamps != TIMESTAMPS_XDP)
        return error_set(error, -EINVAL,
                         "--timestamps: with --datapath kernel times are the XDP program's own");
    if (live->trailer_time)
        return error_set(error, -EINVAL, "--trailer-time: not with --datapath kernel");
    if (live->cores || live->busy_poll || live->frame_size || live->rings.rx || live->rings.tx ||
        live->rings.fill || live->rings.completion)
        program_complain(&engine_program,
                         "warning: cores, rings, frames and polling are AF_XDP's: --datapath "
                         "kernel has no use for them");
    return 0;
}

static uint64_t memory_available(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    unsigned long long kib = 0;
    char line[128];

    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
            break;
    }
    if (file)
        fclose(file);
    return kib * 1024;
}

/* Every CPU that might ever be has a table: the default gives way where that is too much. */
static uint32_t flows_of_cpu(const struct engine_options *options)
{
    uint64_t cpus = (uint64_t)libbpf_num_possible_cpus();
    uint64_t most = memory_available() / MEMORY_SHARE;
    uint32_t flows = options->flows.flows;

    if (flows != FLOWS_DEFAULT)
        return flows;
    while (flows > FLOWS_LEAST && (flows / FLOW_WAYS * sizeof(struct flow_bucket) * cpus > most ||
                                   flows / FLOW_WAYS * sizeof(struct flow_bucket) * cpus >> 32))
        flows /= 2;
    if (flows != FLOWS_DEFAULT)
        program_complain(&engine_program,
                         "a table of %u flows for each of %llu CPUs, to leave memory to others; "
                         "--flows says otherwise",
                         flows, (unsigned long long)cpus);
    return flows;
}

static enum path_out way_out(const struct live_options *live)
{
    if (live->way == LIVE_CONSUME)
        return PATH_OUT_STACK;
    return live->way == LIVE_HAIRPIN ? PATH_OUT_BACK : PATH_OUT_PORT;
}

static int make_settings(const struct kernel *kernel, struct path_settings *settings,
                         struct error *error)
{
    const struct engine_options *options = kernel->options;
    const struct live_options *live = &options->live;

    *settings = (struct path_settings){
        .options =
            {
                .out = way_out(live),
                .first_ifindex = (uint32_t)kernel->nics.nic[0]->ifindex,
                .ports = kernel->ports,
                .queues = kernel->nics.queues,
                .frags = kernel->frags,
                .records = options->verdicts != NULL,
                .bypass_count = live->bypass_count,
            },
        .flows = flows_of_cpu(options),
        .timeout = options->flows.timeout * UINT64_C(1000000000),
        .seed = options->flows.seed,
    };
    for (uint32_t i = 0; i < live->bypass_count; i++)
        settings->options.bypass[i] = (struct path_bypass){.port = live->bypass[i].port,
                                                           .protocol = live->bypass[i].protocol};
    if (!options->flows.fixed_seed &&
        getrandom(&settings->seed, sizeof(settings->seed), 0) != (ssize_t)sizeof(settings->seed))
        return error_set(error, -EIO, "no random seed for the flow table");
    return 0;
}

static struct path_policy kernel_policy(const struct policy *policy)
{
    struct path_policy made = {.min_confidence = policy->min_confidence};

    memcpy(made.action, policy->action, sizeof(policy->action));
    return made;
}

static void tell(const struct xdp_attachment *a)
{
    if (a->replaced)
        program_complain(&engine_program, "%s: took over from an engine that had ended",
                         a->interface);
    if (a->notice[0])
        program_complain(&engine_program, "%s: %s", a->interface, a->notice);
}

static int attach(struct kernel *kernel, uint32_t port, struct error *error)
{
    const struct live_options *live = &kernel->options->live;
    const struct nic *nic = kernel->nics.nic[port];
    bool crosses = live_is_inline(live);
    const struct guard_options options = {
        .interface = nic->name,
        .other_ifindex = crosses ? kernel->nics.nic[1 - port]->ifindex : 0,
        .without = live->fail_closed ? GUARD_DROP
                   : crosses         ? GUARD_CROSS
                                     : GUARD_PASS,
        .stay = crosses || live->fail_closed,
        .skb = live->mode == LIVE_SKB,
        .frags = kernel->frags,
    };
    int status = guard_open(&kernel->guard[port], &options, error);

    if (status != 0)
        return status;
    const struct xdp_attachment *a = guard_attachment(kernel->guard[port]);
    tell(a);
    if (a->frags == kernel->frags)
        return 0;
    return error_set(error, -EINVAL,
                     "%s: an MTU of %u needs frames of several buffers, which the programs behind "
                     "libxdp's dispatcher there don't take",
                     nic->name, nic->mtu);
}

static int attach_all(struct kernel *kernel, struct error *error)
{
    const struct live_options *live = &kernel->options->live;
    bool skb = live->mode == LIVE_SKB;
    int status = 0;

    if (live->way == LIVE_FORWARD) {
        status = pass_open(&kernel->pass, kernel->nics.nic[1]->name, skb, true, error);
        if (status == 0)
            tell(pass_attachment(kernel->pass));
    }
    for (uint32_t i = 0; status == 0 && i < kernel->ports; i++)
        status = attach(kernel, i, error);
    for (uint32_t i = live->way == LIVE_BRIDGE ? 0 : 1;
         status == 0 && !skb && i < kernel->nics.ports; i++)
        status = live_nics_check_target(&kernel->nics, i, error);
    if (status == 0 && live_is_inline(live)) {
        const int ports[] = {kernel->nics.nic[0]->ifindex, kernel->nics.nic[1]->ifindex};

        (void)losses_open(&kernel->losses, ports, 2);
    }
    return status;
}

static int set_ports(struct kernel *kernel, struct error *error)
{
    int status = 0;

    if (!live_is_inline(&kernel->options->live))
        return 0;
    for (uint32_t i = 0; status == 0 && i < kernel->ports; i++)
        status = path_set_port(kernel->model.path, i, kernel->nics.nic[1 - i]->ifindex, error);
    return status;
}

static int write_row(void *context, void *data, size_t size)
{
    const struct path_record *record = data;

    if (size >= sizeof(*record))
        verdict_log_row(context, record->slot, record->action, record->classified,
                        record->confidence);
    return 0;
}

static int open_log(struct kernel *kernel, const struct model *model, struct error *error)
{
    if (!kernel->options->verdicts)
        return 0;
    if (kernel->nics.queues > 1)
        return error_set(error, -EINVAL,
                         "--verdicts counts packets in the order of one queue: add --queues 1");
    int status = verdict_log_open(&kernel->log, kernel->options->verdicts, kernel->policy,
                                  model != NULL, error);
    if (status != 0)
        return status;
    kernel->records =
        ring_buffer__new(path_records_fd(kernel->model.path), write_row, kernel->log, NULL);
    if (kernel->records)
        return 0;
    return error_set(error, -errno, "no ring for the verdicts (kernel 5.8): %s", strerror(errno));
}

static void dispose(struct kernel *kernel, bool leave)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (leave)
            guard_leave(kernel->guard[i]);
        else
            guard_close(kernel->guard[i]);
    }
    if (leave)
        pass_leave(kernel->pass);
    else
        pass_close(kernel->pass);
    losses_close(kernel->losses);
    kernel_model_close(&kernel->model);
    live_nics_close(&kernel->nics, leave);
}

static bool needs_frags(const struct live_nics *nics)
{
    uint32_t mtu = nics->nic[0]->mtu;

    if (nics->ports > 1 && nics->nic[1]->mtu > mtu)
        mtu = nics->nic[1]->mtu;
    return mtu + FRAME_OVERHEAD > BUFFER_LEAST && xdp_frags_known();
}

int kernel_open(struct kernel *kernel, const struct engine_options *options,
                const struct model *model, const struct policy *policy, struct error *error)
{
    struct path_policy in_kernel = kernel_policy(policy);
    struct path_settings settings;

    *kernel = (struct kernel){.options = options, .policy = policy};
    kernel->ports = options->live.way == LIVE_BRIDGE ? 2 : 1;
    int status = check_options(options, error);
    if (status == 0)
        status = live_nics_open(&kernel->nics, &options->live, error);
    if (status != 0)
        return status;
    kernel->frags = needs_frags(&kernel->nics);
    status = make_settings(kernel, &settings, error);
    if (status == 0)
        status = kernel_model_open(&kernel->model, model, options->live.form, &settings, &in_kernel,
                                   error);
    if (status == 0)
        status = open_log(kernel, model, error);
    if (status == 0)
        status = attach_all(kernel, error);
    if (status == 0)
        status = set_ports(kernel, error);
    if (status != 0) {
        struct error ignored;

        (void)kernel_close(kernel, &ignored);
        return status;
    }
    for (uint32_t i = 0; i < kernel->nics.ports; i++)
        (void)nic_read_counters(kernel->nics.nic[i], &kernel->nic_before[i]);
    live_nics_wait_carrier(&kernel->nics);
    return 0;
}

int kernel_start(struct kernel *kernel, struct error *error)
{
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < kernel->ports; i++)
        status = guard_set_program(kernel->guard[i], kernel_model_entry(&kernel->model), error);
    return status;
}

static bool same_classes(const struct policy *a, const struct policy *b)
{
    return a->class_count == b->class_count &&
           memcmp(a->class_name, b->class_name, sizeof(a->class_name)) == 0;
}

int kernel_replace(struct kernel *kernel, const struct model *model, const struct policy *policy,
                   struct error *error)
{
    struct path_policy in_kernel = kernel_policy(policy);
    struct guard *const guards[] = {kernel->guard[0], kernel->guard[1], NULL};

    if (!same_classes(kernel->policy, policy))
        return error_set(error, -EINVAL,
                         "%s has other classes than the model at work, whose counters go on: stop "
                         "the engine and start it with the new model",
                         model->path);
    return kernel_model_replace(&kernel->model, model, kernel->options->live.form, &in_kernel,
                                guards, error);
}

static void write_rows(struct kernel *kernel)
{
    if (kernel->records)
        (void)ring_buffer__consume(kernel->records);
}

void kernel_stop(struct kernel *kernel)
{
    for (uint32_t i = 0; i < kernel->ports; i++)
        guard_clear_program(kernel->guard[i]);
    (void)path_grace(kernel->model.path);
    write_rows(kernel);
}

int kernel_check(struct kernel *kernel, struct error *error)
{
    write_rows(kernel);
    return live_nics_check(&kernel->nics, error);
}

int kernel_close(struct kernel *kernel, struct error *error)
{
    struct path_counters counters = {.unrecorded = 0};
    int status = 0;

    if (kernel->model.path)
        path_totals(kernel->model.path, &counters);
    ring_buffer__free(kernel->records);
    if (kernel->log)
        status = verdict_log_close(kernel->log, error);
    if (status == 0 && counters.unrecorded > 0)
        status =
            error_set(error, -EOVERFLOW,
                      "--verdicts: %llu rows are missing, the file was slower than the packets",
                      (unsigned long long)counters.unrecorded);
    dispose(kernel, kernel->options->live.leave_open && live_is_inline(&kernel->options->live));
    return status;
}
