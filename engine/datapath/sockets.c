// SPDX-License-Identifier: BSD-2-Clause
#include "sockets.h"

#include <errno.h>
#include <string.h>

#include "say.h"

enum {
    RX_DEFAULT = 4096,
    TX_DEFAULT = 2048,
    RING_MOST = 65536,
};

static uint32_t power_of_two(uint32_t least)
{
    uint32_t size = 64;

    while (size < least && size < RING_MOST)
        size *= 2;
    return size;
}

static struct xsk_sizes ring_sizes(const struct interfaces *nics, const struct afxdp_config *config)
{
    struct xsk_sizes sizes = config->rings;
    uint32_t nic_ring = 0;

    for (uint32_t i = 0; i < nics->ports; i++)
        if (nics->nic[i]->rx_ring > nic_ring)
            nic_ring = nics->nic[i]->rx_ring;
    if (sizes.rx == 0)
        sizes.rx = RX_DEFAULT;
    if (sizes.tx == 0)
        sizes.tx = TX_DEFAULT;
    if (sizes.completion == 0)
        sizes.completion = sizes.tx;
    if (sizes.fill == 0)
        sizes.fill = power_of_two(sizes.rx + nic_ring);
    return sizes;
}

/* Bytes of a frame that fit into a chunk, whatever mode the config allows is obtained. */
static uint32_t room_of(const struct interfaces *nics, const struct afxdp_config *config,
                        uint32_t frame_size)
{
    uint32_t least = frame_size - UMEM_HEADROOM;

    if (config->mode == MODE_COPY || config->mode == MODE_SKB)
        return least;
    for (uint32_t i = 0; i < nics->ports; i++) {
        uint32_t room = driver_zerocopy_room(nics->nic[i]->about, frame_size);

        least = room < least ? room : least;
    }
    return least;
}

static uint32_t longest_frame(const struct interfaces *nics, const struct nic **of)
{
    *of = nics->nic[0];
    if (nics->ports > 1 && nics->nic[1]->mtu > (*of)->mtu)
        *of = nics->nic[1];
    return (*of)->mtu + FRAME_OVERHEAD;
}

/* Whether what crosses by itself might come from zero-copy memory to a driver that doesn't take it.
 */
static bool crossing_is_barred(const struct interfaces *nics, const struct afxdp_config *config)
{
    if (!config_is_inline(config) || config->mode == MODE_COPY || config->mode == MODE_SKB)
        return false;
    return nics->nic[1]->about->crossing_needs_headroom ||
           (config_way(config) == WAY_BRIDGE && nics->nic[0]->about->crossing_needs_headroom);
}

/* Whether zero-copy, which the driver would grant, isn't to be used, and why. */
static bool must_copy(const struct sockets *s, const struct interfaces *nics,
                      const struct afxdp_config *config, struct error *error)
{
    const struct nic *largest;
    uint32_t frame = longest_frame(nics, &largest);

    for (uint32_t i = 0; i < nics->ports; i++) {
        const struct nic *nic = nics->nic[i];
        uint32_t room = driver_zerocopy_room(nic->about, s->frame_size);

        if (!s->multi_buffer && frame > room)
            return error_set(error, true,
                             "%s: in zero-copy its driver %s fills %u bytes of a chunk of %u and "
                             "the MTU needs %u: --frame-size %u%s",
                             nic->name, nic->driver, room, s->frame_size, frame,
                             UMEM_FRAME_SIZE_MOST,
                             driver_is_known(nic->about) ? "" : " (not known to do better)");
    }
    if ((config->bypass.count > 0 || config_has_lists(config)) && crossing_is_barred(nics, config))
        return error_set(error, true,
                         "%s: its driver %s takes no frames that cross from zero-copy memory, and "
                         "--bypass and --allow traffic does",
                         nics->nic[1]->name, nics->nic[1]->driver);
    return false;
}

static int choose_frames(struct sockets *s, const struct interfaces *nics,
                         const struct afxdp_config *config, struct error *error)
{
    const struct nic *largest;
    uint32_t frame = longest_frame(nics, &largest);

    s->frame_size = config->frame_size;
    if (s->frame_size == 0)
        s->frame_size = frame <= room_of(nics, config, UMEM_FRAME_SIZE_LEAST)
                            ? UMEM_FRAME_SIZE_LEAST
                            : UMEM_FRAME_SIZE_MOST;
    s->multi_buffer = frame > (config->frame_size ? s->frame_size - UMEM_HEADROOM
                                                  : room_of(nics, config, s->frame_size));
    if (!s->multi_buffer)
        return 0;
    bool known = xdp_frags_known() && !xdp_kernel_before(6, 6);
    if (known && !config->no_multi_buffer)
        return 0;
    return error_set(error, -EINVAL,
                     "%s: an MTU of %u needs frames of %u bytes, and a chunk holds %u%s: lower the "
                     "MTU (ip link set %s mtu %u)%s",
                     largest->name, largest->mtu, frame, s->frame_size - UMEM_HEADROOM,
                     known ? "" : " (frames of several chunks need kernel 6.6)", largest->name,
                     UMEM_FRAME_SIZE_MOST - UMEM_HEADROOM - FRAME_OVERHEAD,
                     known ? " or leave --no-multi-buffer away" : "");
}

/* The program behind libxdp's dispatcher may have to do without what ours could. */
static int check_frags(const struct sockets *s, const struct nic *nic,
                       const struct xdp_attachment *attachment, struct error *error)
{
    if (!s->multi_buffer || attachment->frags)
        return 0;
    return error_set(error, -EINVAL,
                     "%s: an MTU of %u needs frames of several buffers, which the programs behind "
                     "libxdp's dispatcher there don't take",
                     nic->name, nic->mtu);
}

/* Whether packets leave by a port, which is also when what they lack matters. */
static bool leaves(const struct afxdp_config *config)
{
    return config_way(config) != WAY_CONSUME;
}

static int load_redirect(struct sockets *s, const struct interfaces *nics,
                         const struct afxdp_config *config, bool other_enters,
                         const struct lists *lists, const struct blocked *blocked,
                         const struct shunted *shunted, uint32_t port, struct error *error)
{
    struct redirect_options redirect = {
        .interface = nics->nic[port]->name,
        .claim = nics->claim[port],
        .other_ifindex = config_is_inline(config) ? nics->nic[1 - port]->ifindex : 0,
        .skb = config->mode == MODE_SKB,
        .frags = s->multi_buffer,
        .fail_closed = config->fail_closed,
        .other_enters = other_enters || crossing_is_barred(nics, config),
        .watchdog_ms = config->watchdog,
        .timestamps = config->timestamps,
        .bypass = config->bypass,
        .complete_ring = leaves(config) && interfaces_has_stack_behind(nics, port),
        .put_tags = leaves(config) && interfaces_keeps_tags(nics, port),
        .lists = lists,
        .blocked = blocked,
        .shunted = shunted,
        .tunnels = config->tunnels.kinds,
    };

    /* In generic mode what crosses by itself keeps its stack's notes. */
    redirect.complete_cross = redirect.complete_ring && !redirect.skb;
    int status = redirect_open(&s->redirect[port], &redirect, error);
    if (status != 0)
        return status;
    const struct interfaces_lost lost = {
        .tags = redirect_lacks_tags(s->redirect[port]),
        .parts = leaves(config) && s->multi_buffer,
        .segments = leaves(config) && redirect.skb,
    };
    interfaces_tell_lost(nics, port, &lost);
    wire_add(&s->wire, redirect_attachment(s->redirect[port]));
    return check_frags(s, nics->nic[port], redirect_attachment(s->redirect[port]), error);
}

int sockets_load(struct sockets *s, const struct interfaces *nics,
                 const struct afxdp_config *config, bool other_enters, const struct lists *lists,
                 const struct blocked *blocked, const struct shunted *shunted, struct error *error)
{
    bool both = config_way(config) == WAY_BRIDGE;

    *s = (struct sockets){.ports = nics->ports, .queues = nics->queues, .wire = {.nics = nics}};
    xsk_raise_memlock();
    int status = choose_frames(s, nics, config, error);
    if (status == 0 && config->mode == MODE_ZEROCOPY && must_copy(s, nics, config, error))
        status = error_prefix(error, -EOPNOTSUPP, "--mode zerocopy");
    if (status == 0 && config_way(config) == WAY_FORWARD)
        status = pass_open(&s->pass, nics->nic[1]->name, nics->claim[1], config->mode == MODE_SKB,
                           true, error);
    if (status == 0 && s->pass)
        wire_add(&s->wire, pass_attachment(s->pass));
    for (uint32_t port = 0; status == 0 && port < (both ? 2u : 1u); port++)
        status = load_redirect(s, nics, config, other_enters, lists, blocked, shunted, port, error);
    return status;
}

static struct xsk_options group_options(const struct sockets *s, const struct interfaces *nics,
                                        const struct afxdp_config *config)
{
    struct xsk_options group = {
        .sizes = ring_sizes(nics, config),
        .frame_size = s->frame_size,
        .multi_buffer = s->multi_buffer,
        .node = nics->nic[0]->node,
        .stamped = config->timestamps != TIMESTAMPS_BURST,
        .nic_clock = config->timestamps == TIMESTAMPS_NIC,
        .hairpin = config_way(config) == WAY_HAIRPIN,
        .trailer_time = config->trailer_time,
        .busy_poll = config->busy_poll,
    };

    for (uint32_t i = 0; i < nics->ports; i++) {
        group.interface[i] = nics->nic[i]->name;
        group.nic_queues[i] = nics->nic[i]->channels.rx;
        group.zerocopy_needs[i] = nics->nic[i]->about->zerocopy_needs;
        group.nic_ring[i] = nics->nic[i]->rx_ring + nics->nic[i]->tx_ring;
    }
    return group;
}

uint64_t sockets_queue_bytes(const struct sockets *s, const struct interfaces *nics,
                             const struct afxdp_config *config)
{
    const struct xsk_options group = group_options(s, nics, config);

    return xsk_group_bytes(&group);
}

static int bind_queue(struct sockets *s, const struct interfaces *nics,
                      const struct afxdp_config *config, uint32_t queue, enum xsk_mode mode,
                      struct error *error)
{
    struct xsk_options group = group_options(s, nics, config);

    group.queue = queue;
    group.mode = mode;
    int status = xsk_group_open(&s->group[queue], &group, error);
    if (status == 0 && s->group[queue]->notice[0])
        say(nics->say, AFXDP_INFO, "queue %u: %s", queue, s->group[queue]->notice);
    return status;
}

static bool zero_copy(const struct sockets *s, uint32_t queue)
{
    return s->group[queue]->port[0].zero_copy;
}

static void close_groups(struct sockets *s)
{
    for (uint32_t i = 0; i < s->queues; i++) {
        xsk_group_close(s->group[i]);
        s->group[i] = NULL;
    }
}

static int bind_each(struct sockets *s, const struct interfaces *nics,
                     const struct afxdp_config *config, enum xsk_mode mode, struct error *error)
{
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < s->queues; i++)
        status = bind_queue(s, nics, config, i, mode, error);
    return status;
}

/* All queues get one mode: where only some can do zero-copy, or where it would harm, all copy. */
static int bind_all(struct sockets *s, const struct interfaces *nics,
                    const struct afxdp_config *config, struct error *error)
{
    static const enum xsk_mode modes[] = {XSK_MODE_AUTO, XSK_MODE_ZEROCOPY, XSK_MODE_COPY,
                                          XSK_MODE_COPY};
    struct error why;
    uint32_t direct = 0;
    int status = bind_each(s, nics, config, modes[config->mode], error);

    for (uint32_t i = 0; status == 0 && i < s->queues; i++)
        direct += zero_copy(s, i);
    if (status != 0 || direct == 0 || config->mode == MODE_ZEROCOPY)
        return status;
    if (direct < s->queues)
        say(nics->say, AFXDP_INFO, "only %u of %u queues can do zero-copy: all are in copy mode",
            direct, s->queues);
    else if (must_copy(s, nics, config, &why))
        say(nics->say, AFXDP_INFO, "copy mode: %s", why.text);
    else
        return 0;
    close_groups(s);
    return bind_each(s, nics, config, XSK_MODE_COPY, error);
}

static int connect_all(struct sockets *s, struct error *error)
{
    for (uint32_t port = 0; port < s->ports; port++) {
        for (uint32_t i = 0; s->redirect[port] && i < s->queues; i++) {
            int status = redirect_set_socket(s->redirect[port], i, s->group[i]->port[port].fd);

            if (status != 0)
                return error_set(error, status, "cannot hand queue %u to its socket: %s", i,
                                 strerror(-status));
        }
    }
    return 0;
}

int sockets_bind(struct sockets *s, const struct interfaces *nics,
                 const struct afxdp_config *config, struct error *error)
{
    int status = bind_all(s, nics, config, error);

    if (status == 0)
        status = connect_all(s, error);
    if (status == 0) {
        const int ports[] = {nics->nic[0]->ifindex, nics->ports > 1 ? nics->nic[1]->ifindex : 0};

        (void)losses_open(&s->losses, ports, nics->ports, s->queues);
    }
    return status;
}

void sockets_disconnect(struct sockets *s)
{
    for (uint32_t port = 0; port < s->ports; port++)
        for (uint32_t i = 0; s->redirect[port] && i < s->queues; i++)
            (void)redirect_clear_socket(s->redirect[port], i);
}

uint32_t sockets_frame_room(const struct sockets *s, const struct interfaces *nics)
{
    uint32_t least = s->frame_size - UMEM_HEADROOM;

    if (s->multi_buffer)
        return 0;
    for (uint32_t i = 0; zero_copy(s, 0) && i < nics->ports; i++) {
        uint32_t room = driver_zerocopy_room(nics->nic[i]->about, s->frame_size);

        least = room < least ? room : least;
    }
    return least;
}

const char *sockets_mode(const struct sockets *s)
{
    if (redirect_attachment(s->redirect[0])->skb)
        return "skb";
    return zero_copy(s, 0) ? "zerocopy" : "copy";
}

void sockets_close(struct sockets *s, bool leave)
{
    for (int i = 0; i < 2; i++) {
        if (leave)
            redirect_leave(s->redirect[i]);
        else
            redirect_close(s->redirect[i]);
        s->redirect[i] = NULL;
    }
    if (leave)
        pass_leave(s->pass);
    else
        pass_close(s->pass);
    s->pass = NULL;
    losses_close(s->losses);
    s->losses = NULL;
    close_groups(s);
}
