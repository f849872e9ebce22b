// SPDX-License-Identifier: BSD-2-Clause
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "datapath_blocks.h"
#include "events.h"
#include "memory_plan.h"
#include "messages.h"
#include "say.h"

enum {
    /* What a driver has at least for a frame of one buffer: a page less headroom and what the
     * kernel keeps at its end. */
    BUFFER_LEAST = 4096 - 256 - 512,
};

static struct kernel *of(struct afxdp_datapath *base)
{
    return (struct kernel *)base;
}

/* Every CPU that might ever be has a table. */
static int plan_memory(struct kernel *kernel, struct error *error)
{
    const struct afxdp_config *config = kernel->base.config;

    xdp_messages_begin();
    int possible = libbpf_num_possible_cpus();
    uint32_t cpus = possible < 0 ? 1 : (uint32_t)possible; /* path_configure says what is wrong */
    const struct memory_need need = {
        .holder = "CPU",
        .holders = cpus,
        .beside = events_bytes_of_flow(&kernel->base),
        .once =
            judgement_hosts_bytes(kernel->base.judgement, config) + kernel_acts_bytes(kernel, cpus),
        .in_kernel = true,
        .lower = "",
    };

    return memory_plan(&kernel->flows, &need, config, &kernel->base.say, error);
}

static enum path_out way_out(const struct afxdp_config *config)
{
    if (config_way(config) == WAY_CONSUME)
        return PATH_OUT_STACK;
    return config_way(config) == WAY_HAIRPIN ? PATH_OUT_BACK : PATH_OUT_PORT;
}

static int make_settings(const struct kernel *kernel, struct path_settings *settings,
                         struct error *error)
{
    const struct afxdp_config *config = kernel->base.config;
    struct flow_table_options flows = config_flows(config);

    *settings = (struct path_settings){
        .options =
            {
                .out = way_out(config),
                .first_ifindex = (uint32_t)kernel->nics.nic[0]->ifindex,
                .ports = kernel->ports,
                .queues = kernel->nics.queues + kernel->nics.leaves_queues,
                .served = kernel->nics.leaves_queues ? kernel->nics.queues : 0,
                .fail_closed = config->fail_closed,
                .frags = kernel->frags,
                .records = kernel_records(&kernel->base),
                .limits = kernel->base.can_limit,
                .host_cells = config->hosts.cells,
                .host_rows = config->hosts.rows,
                .bypass = config->bypass,
                .tunnels = config_tunnels(config),
            },
        .lists = kernel->base.lists.kernel,
        .flows = kernel->flows,
        .timeout = flows.timeout * UINT64_C(1000000000),
        .seed = flows.seed,
    };
    kernel_acts_settle(kernel, settings);
    if (!flows.fixed_seed &&
        getrandom(&settings->seed, sizeof(settings->seed), 0) != (ssize_t)sizeof(settings->seed))
        return error_set(error, -EIO, "no random seed for the tables of flows and hosts");
    return 0;
}

static int load_guard(struct kernel *kernel, uint32_t port, struct error *error)
{
    const struct afxdp_config *config = kernel->base.config;
    const struct nic *nic = kernel->nics.nic[port];
    bool crosses = config_is_inline(config);
    const struct guard_options options = {
        .interface = nic->name,
        .claim = kernel->nics.claim[port],
        .other_ifindex = crosses ? kernel->nics.nic[1 - port]->ifindex : 0,
        .without = config->fail_closed ? GUARD_DROP
                   : crosses           ? GUARD_CROSS
                                       : GUARD_PASS,
        .stay = config_stays(config),
        .skb = config->mode == MODE_SKB,
        .frags = kernel->frags,
        .leaving = crosses && interfaces_has_stack_behind(&kernel->nics, port),
        .beside = port > 0 ? kernel->guard[0] : NULL,
    };
    int status = guard_open(&kernel->guard[port], &options, error);

    if (status != 0)
        return status;
    bool native = config->mode != MODE_SKB;
    const struct interfaces_lost lost = {
        .tags = config_way(config) == WAY_HAIRPIN && native
                    ? "what is sent back from inside the kernel can't have them"
                    : guard_lacks_tags(kernel->guard[port]),
        .parts = crosses && kernel->frags && native,
    };
    interfaces_tell_lost(&kernel->nics, port, &lost);
    wire_add(&kernel->wire, guard_attachment(kernel->guard[port]));
    if (guard_attachment(kernel->guard[port])->frags == kernel->frags)
        return 0;
    return error_set(error, -EINVAL,
                     "%s: an MTU of %u needs frames of several buffers, which the programs behind "
                     "libxdp's dispatcher there don't take",
                     nic->name, nic->mtu);
}

static int load_guards(struct kernel *kernel, struct error *error)
{
    const struct afxdp_config *config = kernel->base.config;
    int status = 0;

    kernel->wire.nics = &kernel->nics;
    if (config_way(config) == WAY_FORWARD)
        status = pass_open(&kernel->pass, kernel->nics.nic[1]->name, kernel->nics.claim[1],
                           config->mode == MODE_SKB, true, error);
    if (status == 0 && kernel->pass)
        wire_add(&kernel->wire, pass_attachment(kernel->pass));
    for (uint32_t i = 0; status == 0 && i < kernel->ports; i++)
        status = load_guard(kernel, i, error);
    return status;
}

static int set_ports(struct kernel *kernel, struct error *error)
{
    int status = 0;

    if (!config_is_inline(kernel->base.config))
        return 0;
    for (uint32_t i = 0; status == 0 && i < kernel->ports; i++)
        status = path_set_port(kernel->model.path, i, kernel->nics.nic[1 - i]->ifindex, error);
    return status;
}

static bool needs_frags(const struct interfaces *nics)
{
    uint32_t mtu = nics->nic[0]->mtu;

    if (nics->ports > 1 && nics->nic[1]->mtu > mtu)
        mtu = nics->nic[1]->mtu;
    return mtu + FRAME_OVERHEAD > BUFFER_LEAST && xdp_frags_known();
}

static int load_model(struct kernel *kernel, struct error *error)
{
    const struct judgement *judgement = kernel->base.judgement;
    struct path_policy policy = kernel_policy(&judgement->policy);
    struct path_settings settings;
    int status = make_settings(kernel, &settings, error);

    if (status == 0)
        status = kernel_model_open(&kernel->model, judgement->model, kernel->base.config->form,
                                   &settings, &policy, &kernel->base.say, error);
    if (status == 0)
        status = set_ports(kernel, error);
    if (status == 0)
        status = guard_set_program(kernel->guard[0], kernel_model_entry(&kernel->model), error);
    return status;
}

static int kernel_open(struct afxdp_datapath *base, struct error *error)
{
    struct kernel *kernel = of(base);
    const struct afxdp_config *config = base->config;
    const struct model *model = base->judgement->model;

    if (base->say.burst)
        return error_set(
            error, -EOPNOTSUPP,
            "--datapath kernel: frames stay there, so there is no callback for bursts; "
            "one for events there is");
    if (events_wanted_of_flows(base) && config->verdicts)
        return error_set(error, -EINVAL,
                         "--eve and --verdicts both read what the kernel tells of each packet: "
                         "leave one of them out");
    kernel->ports = config_way(config) == WAY_BRIDGE ? 2 : 1;
    base->can_limit = base->judgement->policy.limits;
    int status = model ? path_check_set(model->classifier->feature_set, error) : 0;
    if (status == 0)
        status = interfaces_open(&kernel->nics, config, &base->say, error);
    if (status == 0)
        status = kernel_acts_open(kernel, error);
    if (status != 0)
        return status;
    kernel->frags = needs_frags(&kernel->nics);
    kernel->nics.frame_room = kernel->frags ? 0 : BUFFER_LEAST;
    status = plan_memory(kernel, error);
    if (status == 0)
        status = load_guards(kernel, error);
    if (status == 0)
        status = interfaces_set_up(&kernel->nics, config, error);
    kernel->nics.follows_queues = !kernel->nics.leaves_queues;
    if (status == 0)
        status = load_model(kernel, error);
    if (status == 0)
        status = kernel_flows_open(kernel, error);
    if (status == 0)
        status = kernel_acts_start(kernel, error);
    if (status == 0)
        status = kernel_verdicts_open(kernel, error);
    if (status == 0)
        status = kernel_events_open(kernel, error);
    if (status == 0 && config_is_inline(config)) {
        const int ports[] = {kernel->nics.nic[0]->ifindex, kernel->nics.nic[1]->ifindex};

        (void)losses_open(&kernel->losses, ports, 2, 0);
    }
    return status;
}

/* What was obtained, always. */
static void announce(const struct kernel *kernel)
{
    static const char *const ways[] = {" to the host", " and ", " to ", " and back out"};
    const struct afxdp_config *config = kernel->base.config;
    const struct xdp_attachment *a = guard_attachment(kernel->guard[0]);
    const char *other = config_other(config);
    uint32_t queues = kernel->nics.queues;

    say(&kernel->base.say, AFXDP_INFO,
        "%s%s%s: model inside the kernel (%s), %u queue%s, %s XDP by %s, %llu flows a CPU%s",
        kernel->nics.nic[0]->name, ways[config_way(config)], other ? other : "",
        kernel->model.path->program->form, queues, queues == 1 ? "" : "s",
        a->skb ? "generic" : "native", xdp_means_name(a->means),
        (unsigned long long)path_flow_capacity(kernel->model.path),
        kernel->frags ? ", frames of several buffers" : "");
}

static int kernel_start(struct afxdp_datapath *base, struct error *error)
{
    struct kernel *kernel = of(base);

    for (uint32_t i = 0; i < kernel->nics.ports; i++)
        (void)nic_read_counters(kernel->nics.nic[i], &kernel->nic_before[i]);
    int status = wire_attach(&kernel->wire, base->config, error);
    if (status != 0)
        return status;
    interfaces_wait_carrier(&kernel->nics);
    announce(kernel);
    return 0;
}

static int kernel_replace(struct afxdp_datapath *base, const struct judgement *next,
                          struct error *error)
{
    struct kernel *kernel = of(base);
    struct path_policy policy = kernel_policy(&next->policy);

    if (!next->model)
        return path_install(kernel->model.path, NULL, &policy, error);
    return kernel_model_replace(&kernel->model, next->model, base->config->form, &policy,
                                kernel->guard[0], error);
}

static int kernel_poll(struct afxdp_datapath *base, unsigned timeout_ms, struct error *error)
{
    const struct timespec pause = {.tv_sec = timeout_ms / 1000,
                                   .tv_nsec = timeout_ms % 1000 * 1000000};
    struct kernel *kernel = of(base);

    int status = interfaces_check(&kernel->nics, error);
    if (status != 0)
        return status;
    kernel_watch_spread(kernel);
    verdicts_watch(&kernel->verdicts, base);
    datapath_blocks_watch(base);
    nanosleep(&pause, NULL);
    return 1;
}

static void kernel_totals(const struct afxdp_datapath *base, struct stats *totals)
{
    const struct kernel *kernel = (const struct kernel *)base;
    struct path_counters counters;

    path_totals(kernel->model.path, &counters);
    *totals = counters.stats;
}

static void report(const struct afxdp_datapath *base, struct report *to)
{
    const struct kernel *kernel = (const struct kernel *)base;

    to->source = kernel->nics.nic[0]->name;
    to->model_variant = kernel->model.path->program->form;
    to->live = kernel_report(kernel);
}

static int kernel_stop(struct afxdp_datapath *base, struct error *error)
{
    struct kernel *kernel = of(base);

    guard_clear_program(kernel->guard[0]);
    (void)path_grace(kernel->model.path);
    kernel_watch_spread(kernel);
    int status = kernel_verdicts_close(kernel, error);
    int events = events_end(base, status == 0 ? error : NULL);
    status = status == 0 ? events : status;
    int blocks = datapath_blocks_end(base, status == 0 ? error : NULL);
    return status == 0 ? blocks : status;
}

static void kernel_close(struct afxdp_datapath *base)
{
    struct kernel *kernel = of(base);
    enum interfaces_end end = interfaces_end_of(base->config, base->started);
    bool leave = end == INTERFACES_LEFT;
    struct error ignored;

    (void)kernel_verdicts_close(kernel, &ignored);
    (void)events_end(base, &ignored);
    ring_buffer__free(kernel->records);
    free(kernel->row);
    free(kernel->tables);
    if (!base->started)
        interfaces_tell_closed(&kernel->nics);
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
    interfaces_close(&kernel->nics, end);
    kernel_acts_close(kernel);
}

static const struct nic *first_nic(const struct afxdp_datapath *base)
{
    return ((const struct kernel *)base)->nics.nic[0];
}

static bool queue_of(const struct afxdp_datapath *base, uint32_t port, uint32_t number,
                     struct datapath_queue *view)
{
    const struct kernel *kernel = (const struct kernel *)base;
    struct path_counters counters;

    if (port >= kernel->ports || number >= path_queues(kernel->model.path))
        return false;
    path_queue_counters(kernel->model.path, port, number, &counters);
    view->interface = kernel->nics.nic[port]->name;
    view->rest = number >= kernel->nics.queues;
    view->stats = counters.stats;
    return true;
}

struct afxdp_datapath *kernel_datapath_new(void)
{
    static const struct datapath_operations operations = {
        .open = kernel_open,
        .start = kernel_start,
        .poll = kernel_poll,
        .replace = kernel_replace,
        .totals = kernel_totals,
        .report = report,
        .stop = kernel_stop,
        .close = kernel_close,
        .nic = first_nic,
        .allow = datapath_blocks_allow,
        .table = kernel_flows_table,
        .tables_are_of_cpus = true,
        .queue = queue_of,
    };
    struct kernel *kernel = calloc(1, sizeof(*kernel));

    if (!kernel)
        return NULL;
    kernel->base.operations = &operations;
    return &kernel->base;
}
