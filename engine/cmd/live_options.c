// SPDX-License-Identifier: BSD-2-Clause
#include "live_options.h"

#include <errno.h>
#include <string.h>

#include "bypass.h"
#include "engine_options.h"

static struct live_options *live_of(void *target)
{
    return &((struct engine_options *)target)->live;
}

/* The place of `value` in a NULL-ended list of names, or -EINVAL with a message. */
static int choose(const char *option, const char *value, const char *const *names,
                  struct error *error)
{
    char known[128] = "";

    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], value) == 0)
            return i;
        strncat(known, i ? ", " : "", sizeof(known) - strlen(known) - 1);
        strncat(known, names[i], sizeof(known) - strlen(known) - 1);
    }
    return error_set(error, -EINVAL, "%s %s: should be one of %s", option, value, known);
}

static int set_u32(uint32_t *to, const char *option, const char *value, uint64_t least,
                   uint64_t most, struct error *error)
{
    uint64_t number;
    int status = options_number(value, option, least, most, &number, error);

    if (status == 0)
        *to = (uint32_t)number;
    return status;
}

static int set_iface(void *target, const char *value, struct error *error)
{
    (void)error;
    live_of(target)->interface = value;
    return 0;
}

static int set_way(struct live_options *live, enum live_way way, const char *other,
                   struct error *error)
{
    if (live->way != LIVE_CONSUME)
        return error_set(error, -EINVAL, "--bridge, --forward and --hairpin: only one of them");
    live->way = way;
    live->other = other;
    return 0;
}

static int set_bridge(void *target, const char *value, struct error *error)
{
    return set_way(live_of(target), LIVE_BRIDGE, value, error);
}

static int set_forward(void *target, const char *value, struct error *error)
{
    return set_way(live_of(target), LIVE_FORWARD, value, error);
}

static int set_hairpin(void *target, const char *value, struct error *error)
{
    (void)value;
    return set_way(live_of(target), LIVE_HAIRPIN, NULL, error);
}

static int set_queues(void *target, const char *value, struct error *error)
{
    return set_u32(&live_of(target)->queues, "--queues", value, 1, REDIRECT_QUEUES_MAX, error);
}

static int set_mode(void *target, const char *value, struct error *error)
{
    static const char *const names[] = {"auto", "zerocopy", "copy", "skb", NULL};
    int mode = choose("--mode", value, names, error);

    if (mode >= 0)
        live_of(target)->mode = (enum live_mode)mode;
    return mode < 0 ? mode : 0;
}

static int set_datapath(void *target, const char *value, struct error *error)
{
    static const char *const names[] = {"afxdp", "kernel", NULL};
    int datapath = choose("--datapath", value, names, error);

    if (datapath >= 0)
        live_of(target)->datapath = (enum live_datapath)datapath;
    return datapath < 0 ? datapath : 0;
}

static int set_kernel_form(void *target, const char *value, struct error *error)
{
    static const char *const names[] = {"auto", "single", "loops", "tailcall", NULL};
    int form = choose("--kernel-form", value, names, error);

    if (form >= 0)
        live_of(target)->form = (enum live_form)form;
    return form < 0 ? form : 0;
}

static int set_timestamps(void *target, const char *value, struct error *error)
{
    static const char *const names[] = {"xdp", "burst", "nic", NULL};
    int from = choose("--timestamps", value, names, error);

    if (from >= 0)
        live_of(target)->timestamps = (enum timestamps)from;
    return from < 0 ? from : 0;
}

static int set_bypass(void *target, const char *value, struct error *error)
{
    struct live_options *live = live_of(target);

    if (live->bypass_count == REDIRECT_BYPASS_MAX)
        return error_set(error, -EINVAL, "--bypass %s: more than %d of them", value,
                         REDIRECT_BYPASS_MAX);
    return redirect_parse_bypass(&live->bypass[live->bypass_count++], value, error);
}

static int set_cores(void *target, const char *value, struct error *error)
{
    (void)error;
    live_of(target)->cores = value;
    return 0;
}

#define FLAG(field)                                                                                \
    static int set_##field(void *target, const char *value, struct error *error)                   \
    {                                                                                              \
        (void)value;                                                                               \
        (void)error;                                                                               \
        live_of(target)->field = true;                                                             \
        return 0;                                                                                  \
    }
FLAG(set_channels)
FLAG(symmetric_rss)
FLAG(fail_closed)
FLAG(leave_open)
FLAG(no_promiscuous)
FLAG(no_multi_buffer)
FLAG(trailer_time)

#define SIZE(name, field, option, least, most)                                                     \
    static int set_##name(void *target, const char *value, struct error *error)                    \
    {                                                                                              \
        return set_u32(&live_of(target)->field, option, value, least, most, error);                \
    }
SIZE(ring_rx, rings.rx, "--ring-rx", 64, 65536)
SIZE(ring_tx, rings.tx, "--ring-tx", 64, 65536)
SIZE(ring_fill, rings.fill, "--ring-fill", 64, 65536)
SIZE(ring_completion, rings.completion, "--ring-completion", 64, 65536)
SIZE(frame_size, frame_size, "--frame-size", 2048, 4096)
SIZE(busy_poll, busy_poll, "--busy-poll", 1, 65535)
SIZE(spin, spin_us, "--spin", 0, 1000000)

static int set_duration(void *target, const char *value, struct error *error)
{
    return options_number(value, "--duration", 1, 1000000000, &live_of(target)->duration, error);
}

static int set_packets(void *target, const char *value, struct error *error)
{
    return options_number(value, "--packets", 1, UINT64_MAX, &live_of(target)->packets, error);
}

const struct option_spec live_option_specs[] = {
    {"Interface (needs root, or CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF)", "iface", 'i', "IF",
     "take packets from it; without it, the one\n"
     "interface that is up, has native XDP and isn't the default\n"
     "route's",
     set_iface},
    {NULL, "queues", 'q', "N", "one worker each; without it, all the interface has", set_queues},
    {NULL, "bridge", 0, "IF", "inline: what isn't dropped leaves by IF, and back", set_bridge},
    {NULL, "forward", 0, "IF", "what isn't dropped leaves by IF", set_forward},
    {NULL, "hairpin", 0, NULL, "what isn't dropped goes back where it came from", set_hairpin},
    {NULL, "datapath", 0, "DATAPATH",
     "afxdp: workers in user space; kernel: the model inside XDP,\nno workers (afxdp)",
     set_datapath},
    {NULL, "kernel-form", 0, "FORM",
     "of a network inside XDP: single, loops or tailcall (auto:\nthe first that loads)",
     set_kernel_form},
    {NULL, "mode", 0, "MODE", "auto, zerocopy (or fail), copy, or skb: generic XDP", set_mode},
    {NULL, "bypass", 0, "TRAFFIC",
     "never touch it: tcp/22, udp/53, icmp, a protocol's number.\nMay be given again", set_bypass},
    {NULL, "fail-closed", 0, NULL, "without the engine drop, rather than pass or cross",
     set_fail_closed},
    {NULL, "leave-open", 0, NULL,
     "inline: keep crossing after a regular end too, until the\nnext start", set_leave_open},
    {NULL, "timestamps", 0, "CLOCK",
     "arrival times from the xdp program, the nic (where its\n"
     "driver has them), or one per burst (intervals within it: 0)",
     set_timestamps},
    {NULL, "duration", 0, "SECONDS", "stop after this time", set_duration},
    {NULL, "packets", 0, "N", "stop soon after N packets", set_packets},
    {"Tuning", "cores", 0, "LIST", "the workers' cores, as 2,4-7 (those near the interface)",
     set_cores},
    {NULL, "set-channels", 0, NULL, "give the interface --queues channels; put back at the end",
     set_set_channels},
    {NULL, "symmetric-rss", 0, NULL,
     "have the interface hash both directions of a flow alike;\nput back at the end",
     set_symmetric_rss},
    {NULL, "ring-rx", 0, "N", "RX descriptors, a power of two (4096)", set_ring_rx},
    {NULL, "ring-tx", 0, "N", "TX descriptors (2048)", set_ring_tx},
    {NULL, "ring-fill", 0, "N", "fill descriptors (the RX ring and the NIC's own, rounded up)",
     set_ring_fill},
    {NULL, "ring-completion", 0, "N", "completion descriptors (as TX)", set_ring_completion},
    {NULL, "frame-size", 0, "N", "2048 or 4096 bytes a chunk (the least that holds the MTU)",
     set_frame_size},
    {NULL, "no-multi-buffer", 0, NULL, "refuse an MTU above a chunk instead of using several",
     set_no_multi_buffer},
    {NULL, "no-promiscuous", 0, NULL, "leave the interface's address filter on",
     set_no_promiscuous},
    {NULL, "busy-poll", 0, "N", "the worker polls the driver itself, N packets at a time",
     set_busy_poll},
    {NULL, "spin", 0, "MICROSECONDS", "look again this long before sleeping (50)", set_spin},
    {NULL, "trailer-time", 0, NULL,
     "for tests: the last 8 bytes of a frame are its arrival time,\nnot its content",
     set_trailer_time},
    {0},
};
