// SPDX-License-Identifier: BSD-2-Clause
#include "redirect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "load.h"
#include "messages.h"
#include "ticks.h"

#include "redirect.skel.h"
#include "redirect_nic.skel.h"
#include "redirect_tags.skel.h"

#define CLOCK_EVERY_NS UINT64_C(1000000000)
#define HEARTBEATS_SIZE (REDIRECT_QUEUES_MAX * sizeof(struct redirect_heartbeat))

#define STAMPED "afxdp_redirect"
#define UNSTAMPED "afxdp_unstamped"

_Static_assert(sizeof(struct redirect_bpf__rodata) == sizeof(struct redirect_nic_bpf__rodata) &&
                   sizeof(struct redirect_bpf__rodata) == sizeof(struct redirect_tags_bpf__rodata),
               "one source, three builds");

struct redirect {
    struct redirect_bpf
        *kernel_clock; /* one of these three; the latter two are bound to their device */
    struct redirect_nic_bpf *nic_clock;
    struct redirect_tags_bpf *tags;
    const char *lacks_tags;
    struct bpf_object *object;
    struct xdp_attachment *attachment;
    struct redirect_heartbeat *heartbeats; /* the map's own memory; NULL: no watchdog */
    uint64_t clock_set;                    /* ns, when last */
    int ticks;                             /* descriptor, see ticks.h */
    int sockets;
    int counters;
    int cpus;
};

static void set_options(struct redirect_bpf__rodata *constants,
                        const struct redirect_options *options)
{
    constants->inline_port = options->other_ifindex != 0;
    constants->fail_closed = options->fail_closed;
    constants->other_enters = options->other_enters;
    constants->complete_ring = options->complete_ring;
    constants->complete_cross = options->complete_cross;
    constants->leaving_completes = options->complete_ring || options->complete_cross;
    constants->watchdog_ns = options->watchdog_ms * UINT64_C(1000000);
    constants->tick_ns = ticks_length_ns();
    constants->lists_given = options->lists != NULL;
    constants->blocks_given = options->blocked != NULL;
    constants->shunts_given = options->shunted != NULL;
    if (options->shunted) {
        constants->shunts_every = options->shunted->every;
        constants->shunts_ns = options->shunted->ns;
        constants->shunts_frags = options->frags;
    }
    constants->bypass = options->bypass;
    constants->tunnels = options->tunnels;
}

/* Which program of the object is loaded, and how. */
static void choose_program(struct redirect *r, const struct redirect_options *options)
{
    bool stamped = options->timestamps != TIMESTAMPS_BURST;
    struct bpf_program *program =
        bpf_object__find_program_by_name(r->object, stamped ? STAMPED : UNSTAMPED);

    bpf_program__set_autoload(
        bpf_object__find_program_by_name(r->object, stamped ? UNSTAMPED : STAMPED), false);
    (void)bpf_map__set_autocreate(bpf_object__find_map_by_name(r->object, "bypass_datagrams"),
                                  options->bypass.count > 0);
    if (!r->kernel_clock)
        xdp_bind_to_device(program, options->interface);
}

static int share_maps(const struct redirect *r, const struct redirect_options *options,
                      struct error *error)
{
    int status = lists_share(options->lists, r->object, error);

    if (status == 0)
        status = blocked_share(options->blocked, r->object, error);
    return status == 0 ? shunted_share(options->shunted, r->object, error) : status;
}

static int open_object(struct redirect *r, const struct redirect_options *options,
                       struct error *error)
{
    struct redirect_bpf__rodata *constants = NULL;

    xdp_messages_begin();
    if (options->timestamps == TIMESTAMPS_NIC) {
        r->nic_clock = redirect_nic_bpf__open();
        r->object = r->nic_clock ? r->nic_clock->obj : NULL;
        constants = r->nic_clock ? (struct redirect_bpf__rodata *)r->nic_clock->rodata : NULL;
    } else if (options->put_tags) {
        r->tags = redirect_tags_bpf__open();
        r->object = r->tags ? r->tags->obj : NULL;
        constants = r->tags ? (struct redirect_bpf__rodata *)r->tags->rodata : NULL;
    } else {
        r->kernel_clock = redirect_bpf__open();
        r->object = r->kernel_clock ? r->kernel_clock->obj : NULL;
        constants = r->kernel_clock ? r->kernel_clock->rodata : NULL;
    }
    if (!r->object)
        return xdp_open_failed("the redirect program", error);
    set_options(constants, options);
    choose_program(r, options);
    return share_maps(r, options, error);
}

static int fill_maps(struct redirect *r, const struct redirect_options *options,
                     struct error *error)
{
    uint32_t first = 0;
    uint32_t other = (uint32_t)options->other_ifindex;

    r->sockets = bpf_object__find_map_fd_by_name(r->object, "sockets");
    r->counters = bpf_object__find_map_fd_by_name(r->object, "counters");
    if (other == 0)
        return 0;
    if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(r->object, "other_port"), &first,
                            &other, BPF_ANY) != 0)
        return error_set(error, -errno, "%s: cannot make interface %u the one to cross to: %s",
                         options->interface, other, strerror(errno));
    return 0;
}

/* Until a worker writes its own, a heartbeat is that of now. */
static int open_watchdog(struct redirect *r, const struct redirect_options *options,
                         struct error *error)
{
    if (options->watchdog_ms == 0)
        return 0;
    void *memory = mmap(NULL, HEARTBEATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                        bpf_object__find_map_fd_by_name(r->object, "heartbeats"), 0);
    if (memory == MAP_FAILED)
        return error_set(error, -errno, "%s: cannot map the heartbeats: %s", options->interface,
                         strerror(errno));
    r->heartbeats = memory;
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++)
        r->heartbeats[i].time = ticks_coarse_ns();
    redirect_set_clock(r);
    return 0;
}

static int open_one(struct redirect **out, const struct redirect_options *options,
                    struct error *error)
{
    struct redirect *r = calloc(1, sizeof(*r));
    struct redirect_options able = *options;
    struct xdp_request request = {
        .interface = options->interface,
        .claim = options->claim,
        .program = options->timestamps == TIMESTAMPS_BURST ? UNSTAMPED : STAMPED,
        .skb = options->skb,
        .stay = options->other_ifindex != 0 || options->fail_closed,
        .frags = options->frags,
        .means = options->means,
        .fail_closed = options->fail_closed,
        .other_ifindex = options->other_ifindex,
    };
    int status;

    if (!r)
        return error_set(error, -ENOMEM, "out of memory");
    r->ticks = options->watchdog_ms ? ticks_open() : -1;
    if (r->ticks < 0)
        able.watchdog_ms = 0;
    status = open_object(r, &able, error);
    r->cpus = libbpf_num_possible_cpus();
    if (status == 0 && r->cpus < 0)
        status = error_set(error, r->cpus, "cannot tell how many CPUs there may be: %s",
                           strerror(-r->cpus));
    request.object = r->object;
    if (status == 0)
        status = xdp_prepare(&r->attachment, &request, error);
    if (status == 0)
        status = fill_maps(r, options, error);
    if (status == 0)
        status = open_watchdog(r, &able, error);
    if (status != 0) {
        redirect_close(r);
        return status;
    }
    *out = r;
    return 0;
}

/* Programs that may ask the driver for a tag are bound to it: a kernel before 6.8 has none, one
 * before 6.15 none that redirect through a devmap, and they go neither behind a dispatcher nor into
 * generic mode. */
int redirect_open(struct redirect **out, const struct redirect_options *options,
                  struct error *error)
{
    struct redirect_options able = *options;
    const char *lacks = "generic mode doesn't see them";
    struct error ignored;

    if (options->put_tags && !options->skb && options->timestamps == TIMESTAMPS_NIC)
        lacks = "--timestamps nic leaves no way to ask for them";
    able.put_tags = options->put_tags && !options->skb && options->timestamps != TIMESTAMPS_NIC;
    if (able.put_tags && open_one(out, &able, &ignored) == 0) {
        if ((*out)->attachment->means != XDP_MEANS_DISPATCHER)
            return 0;
        lacks = "a program behind libxdp's dispatcher can't ask for them";
        redirect_close(*out);
        *out = NULL;
    } else if (able.put_tags) {
        lacks =
            "this kernel can't give them to a program that redirects (6.8 can on one port, 6.15 "
            "inline)";
    }
    able.put_tags = false;
    int status = open_one(out, &able, error);
    if (status == 0 && options->put_tags)
        (*out)->lacks_tags = lacks;
    return status;
}

const char *redirect_lacks_tags(const struct redirect *r)
{
    return r->lacks_tags;
}

struct xdp_attachment *redirect_attachment(const struct redirect *r)
{
    return r->attachment;
}

int redirect_set_socket(struct redirect *r, uint32_t queue, int socket)
{
    return bpf_map_update_elem(r->sockets, &queue, &socket, BPF_ANY) == 0 ? 0 : -errno;
}

int redirect_clear_socket(struct redirect *r, uint32_t queue)
{
    return bpf_map_delete_elem(r->sockets, &queue) == 0 ? 0 : -errno;
}

uint64_t *redirect_heartbeat(const struct redirect *r, uint32_t queue)
{
    return r && r->heartbeats ? &r->heartbeats[queue].time : NULL;
}

void redirect_set_clock(struct redirect *r)
{
    uint64_t offset;

    if (!r || !r->heartbeats || ticks_coarse_ns() - r->clock_set < CLOCK_EVERY_NS ||
        ticks_offset(r->ticks, &offset) != 0)
        return;
    r->clock_set = ticks_coarse_ns();
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++)
        __atomic_store_n(&r->heartbeats[i].offset, offset, __ATOMIC_RELAXED);
}

int redirect_read_counters(const struct redirect *r, uint32_t first, uint32_t queues,
                           struct redirect_counters *counters)
{
    const size_t members = sizeof(*counters) / sizeof(uint64_t);
    struct redirect_counters *each = calloc((size_t)r->cpus, sizeof(*each));
    const uint64_t *from = (const uint64_t *)each;
    uint64_t *sum = (uint64_t *)counters;
    int status = 0;

    if (!each)
        return -ENOMEM;
    *counters = (struct redirect_counters){0};
    for (uint32_t queue = first; status == 0 && queue < first + queues; queue++) {
        status = bpf_map_lookup_elem(r->counters, &queue, each) == 0 ? 0 : -errno;
        for (size_t i = 0; status == 0 && i < members * (size_t)r->cpus; i++)
            sum[i % members] += from[i];
    }
    free(each);
    return status;
}

static void free_redirect(struct redirect *r)
{
    if (r->heartbeats)
        munmap(r->heartbeats, HEARTBEATS_SIZE);
    if (r->ticks >= 0)
        close(r->ticks);
    redirect_bpf__destroy(r->kernel_clock);
    redirect_nic_bpf__destroy(r->nic_clock);
    redirect_tags_bpf__destroy(r->tags);
    free(r);
}

void redirect_close(struct redirect *r)
{
    if (!r)
        return;
    xdp_detach(r->attachment);
    free_redirect(r);
}

void redirect_leave(struct redirect *r)
{
    if (!r)
        return;
    xdp_leave(r->attachment);
    free_redirect(r);
}
