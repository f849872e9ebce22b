// SPDX-License-Identifier: BSD-2-Clause
#include "interfaces.h"

#include <errno.h>
#include <string.h>

#include "attach.h"
#include "nic_addresses.h"
#include "nic_find.h"
#include "say.h"

enum { CARRIER_MS = 10000 };

/* A frame that has entered the ring can't go on to the host: consuming what is for it takes the
 * host off its network, which nobody gets who hasn't asked for it. */
static int check_host(const struct interfaces *nics, const struct afxdp_config *config,
                      struct error *error)
{
    struct nic_address address;
    const char *name = nics->nic[0]->name;

    if (config->datapath != DATAPATH_AFXDP || config_way(config) != WAY_CONSUME || config->consume)
        return 0;
    int status = nic_host_address(nics->nic[0], &address);
    if (status < 0)
        say(nics->say, AFXDP_WARNING,
            "%s: can't tell whether it carries an address of this host: %s", name,
            strerror(-status));
    if (status <= 0)
        return 0;
    bool above = strcmp(address.interface, name) != 0;
    return error_set(error, -EINVAL,
                     "%s carries an address of this host (%s%s%s), which would hear nothing more "
                     "through it: --datapath kernel passes on to the host what isn't dropped, "
                     "--forward or --bridge IF to another port, --hairpin sends it back; --consume "
                     "consumes it all the same",
                     name, address.text, above ? " on " : "", above ? address.interface : "");
}

static int open_both(struct interfaces *nics, const struct afxdp_config *config,
                     struct error *error)
{
    const char *name[2] = {config->interface, config_other(config)};
    char chosen[IF_NAMESIZE];
    int status = 0;

    if (!name[0]) {
        status = nic_find(chosen, error);
        name[0] = chosen;
    }
    if (status == 0 && name[1] && config->timestamps == TIMESTAMPS_NIC)
        status = error_set(error, -EINVAL,
                           "--timestamps nic: two interfaces have two clocks; xdp works with both");
    if (status == 0 && name[1] && strcmp(name[0], name[1]) == 0)
        status = error_set(error, -EINVAL, "%s can't be its own other port; --hairpin sends back",
                           name[1]);
    for (int i = 0; status == 0 && i < 2 && name[i]; i++) {
        status = nic_open(&nics->nic[i], name[i], error);
        if (status == 0)
            status = nic_check_kind(nics->nic[i], config->mode == MODE_SKB, error);
        if (status == 0)
            nics->had_carrier[nics->ports++] = nic_has_carrier(nics->nic[i]);
    }
    return status;
}

/* What the bound queues must be, and the command that makes the channels fit. */
static int check_queues(struct interfaces *nics, const struct afxdp_config *config, uint32_t port,
                        struct error *error)
{
    struct nic *nic = nics->nic[port];
    const char *kind = nic->channels.combined ? "combined" : "rx";
    uint32_t have = nic->channels.rx;
    uint32_t want = nics->queues;

    if (config->set_channels)
        return nic_set_channels(nic, want, error);
    if (have == want)
        return 0;
    if (have < want)
        return error_set(error, -EINVAL,
                         "%s has %u queue%s, not %u: --queues %u, --set-channels, or ethtool -L %s "
                         "%s %u%s",
                         nic->name, have, have == 1 ? "" : "s", want, have, nic->name, kind, want,
                         nic->channels.rx_most < want ? " (but it can't have so many)" : "");
    if (config_is_inline(config))
        return error_set(error, -EINVAL,
                         "%s has %u queues, and inline each needs a worker: --queues %u, "
                         "--set-channels, or ethtool -L %s %s %u",
                         nic->name, have, have, nic->name, kind, want);
    nics->leaves_queues = true;
    say(nics->say, AFXDP_WARNING, "%s has %u queues: what comes in on queues %u and up %s",
        nic->name, have, want,
        config->fail_closed ? "is dropped (--fail-closed)" : "passes to the host unclassified");
    return 0;
}

static int check_tx(const struct interfaces *nics, const struct afxdp_config *config,
                    struct error *error)
{
    const struct nic *out = config_way(config) == WAY_FORWARD ? nics->nic[1] : nics->nic[0];

    if (config_way(config) == WAY_CONSUME || out->channels.tx >= nics->queues)
        return 0;
    return error_set(error, -EINVAL, "%s has %u TX queues for %u workers: --queues %u", out->name,
                     out->channels.tx, nics->queues, out->channels.tx);
}

static int set_up(struct interfaces *nics, const struct afxdp_config *config, uint32_t port,
                  struct error *error)
{
    struct nic *nic = nics->nic[port];
    bool receives = port == 0 || config_way(config) == WAY_BRIDGE;
    struct error busy;
    char notice[256] = "";
    int status = 0;

    if (nic_carries_default_route(nic->name))
        say(nics->say, AFXDP_WARNING, "%s carries the default route", nic->name);
    if (receives)
        status = check_queues(nics, config, port, error);
    if (status == 0 && receives && !config->no_promiscuous)
        status = nic_set_promiscuous(nic, error);
    if (status == 0)
        status = nic_set_offloads(nic, notice, error);
    if (notice[0])
        say(nics->say, AFXDP_WARNING, "%s", notice);
    if (status == 0 && receives && config->symmetric_rss)
        status = nic_set_symmetric_rss(nic, error);
    if (status == 0 && config->busy_poll && nic_set_busy_poll(nic, &busy) != 0)
        say(nics->say, AFXDP_WARNING, "%s", busy.text);
    return status;
}

static void check_rss(struct interfaces *nics, const struct afxdp_config *config)
{
    nics->rss = nic_rss(nics->nic[0]);
    if (config_way(config) == WAY_BRIDGE && nic_rss(nics->nic[1]) != nics->rss)
        nics->rss = NIC_RSS_UNKNOWN;
    if (nics->queues == 1 || nics->rss == NIC_RSS_SYMMETRIC)
        return;
    say(nics->say, AFXDP_WARNING,
        "%s: with several queues the two directions of a flow %s meet "
        "different %s, whose features then differ from training; %s",
        nics->nic[0]->name, nics->rss == NIC_RSS_UNKNOWN ? "may" : "will",
        config->datapath == DATAPATH_KERNEL ? "CPUs" : "workers",
        strcmp(nics->nic[0]->driver, "veth") == 0
            ? "a veth's queue follows the sender's CPU or socket, not the flow"
        : nics->rss == NIC_RSS_UNKNOWN ? "the driver doesn't tell its RSS key"
                                       : "--symmetric-rss sets its RSS key");
}

/* The stack would fragment or say "too big" on the way from the wider port to the narrower one; a
 * wire only loses the frame. */
static void check_mtu(const struct interfaces *nics)
{
    const struct nic *wide = nics->nic[0];
    const struct nic *narrow = nics->nic[1];

    if (nics->ports < 2 || wide->mtu == narrow->mtu)
        return;
    if (wide->mtu < narrow->mtu) {
        wide = nics->nic[1];
        narrow = nics->nic[0];
    }
    say(nics->say, AFXDP_WARNING,
        "the MTU of %s is %u and that of %s %u: longer frames are lost on the way across; ip link "
        "set %s mtu %u",
        wide->name, wide->mtu, narrow->name, narrow->mtu, narrow->name, wide->mtu);
}

static int claim(struct interfaces *nics, uint32_t port, struct error *error)
{
    struct nic *nic = nics->nic[port];
    struct error unusable;
    int status = xdp_claim_open(&nics->claim[port], nic->ifindex, error);

    if (status == 0)
        status = nic_adopt(nic, nics->claim[port], &unusable, error);
    if (status == 0 && unusable.text[0])
        say(nics->say, AFXDP_WARNING, "%s: what a killed engine had changed is not put back: %s",
            nic->name, unusable.text);
    return status;
}

int interfaces_open(struct interfaces *nics, const struct afxdp_config *config,
                    const struct afxdp_callbacks *say, struct error *error)
{
    *nics = (struct interfaces){.say = say};
    int status = open_both(nics, config, error);
    if (status == 0)
        status = check_host(nics, config, error);
    for (uint32_t i = 0; status == 0 && i < nics->ports; i++)
        status = claim(nics, i, error);
    if (status != 0)
        return status;
    nics->queues = config->queues ? config->queues : nics->nic[0]->channels.rx;
    if (nics->queues > REDIRECT_QUEUES_MAX)
        nics->queues = REDIRECT_QUEUES_MAX;
    return 0;
}

int interfaces_set_up(struct interfaces *nics, const struct afxdp_config *config,
                      struct error *error)
{
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < nics->ports; i++)
        status = set_up(nics, config, i, error);
    if (status == 0 && config->symmetric_rss && config_way(config) == WAY_BRIDGE)
        status = nic_agree_rss(nics->nic[0], nics->nic[1], error);
    if (status == 0)
        status = check_tx(nics, config, error);
    if (status != 0)
        return status;
    check_rss(nics, config);
    check_mtu(nics);
    return 0;
}

void interfaces_wait_carrier(const struct interfaces *nics)
{
    for (uint32_t i = 0; i < nics->ports; i++) {
        const char *name = nics->nic[i]->name;

        if (!nic_is_up(nics->nic[i]))
            say(nics->say, AFXDP_WARNING, "%s is down, so no packet comes: ip link set %s up", name,
                name);
        else if (!nics->had_carrier[i] && !nic_has_carrier(nics->nic[i]))
            say(nics->say, AFXDP_WARNING, "%s has no link; waiting for packets", name);
        else if (!nic_wait_carrier(nics->nic[i], CARRIER_MS))
            say(nics->say, AFXDP_WARNING,
                "the link of %s went down when it was set up and hasn't come "
                "back",
                name);
    }
}

static void tell_channels(const struct interfaces *nics, const struct nic *nic,
                          const struct nic_changes *changes)
{
    /* A veth runs no program on a queue that it gets later. */
    if (nics->follows_queues && strcmp(nic->driver, "veth") != 0)
        say(nics->say, AFXDP_WARNING,
            "%s: the channel count changed while running, from %u to %u: what comes in on queues "
            "%u and up is classified, and counted with queue %u",
            nic->name, changes->old_queues, nic->channels.rx, nics->queues, nics->queues - 1);
    else
        say(nics->say, AFXDP_WARNING,
            "%s: the channel count changed while running, from %u to %u: packets of queues beyond "
            "the %u served here aren't classified; start again to serve them",
            nic->name, changes->old_queues, nic->channels.rx, nics->queues);
}

static void tell_changes(const struct interfaces *nics, const struct nic *nic,
                         const struct nic_changes *changes)
{
    if (changes->old_name[0])
        say(nics->say, AFXDP_INFO, "%s was renamed to %s; going on", changes->old_name, nic->name);
    if (changes->old_queues)
        tell_channels(nics, nic, changes);
    if (changes->old_mtu && nics->frame_room && nic->mtu + FRAME_OVERHEAD > nics->frame_room)
        say(nics->say, AFXDP_WARNING,
            "%s: the MTU changed while running, from %u to %u: frames above %u bytes don't fit and "
            "are dropped; start again to take them",
            nic->name, changes->old_mtu, nic->mtu, nics->frame_room);
}

int interfaces_check(const struct interfaces *nics, struct error *error)
{
    for (uint32_t i = 0; i < nics->ports; i++) {
        struct nic_changes changes;
        int status = nic_check(nics->nic[i], &changes);

        if (status == -ENODEV)
            return error_set(error, -ENODEV, "%s: the interface was removed", nics->nic[i]->name);
        if (status == 0)
            tell_changes(nics, nics->nic[i], &changes);
    }
    return 0;
}

int interfaces_check_target(const struct interfaces *nics, uint32_t port, struct error *error)
{
    const struct nic *nic = nics->nic[port];
    uint64_t features;

    if (nic_xdp_features(nic->ifindex, &features) != 0 || features & NIC_XDP_TARGET)
        return 0;
    return error_set(error, -EOPNOTSUPP,
                     "%s takes no redirected frames, so nothing could cross to it without the "
                     "engine%s; --mode skb can",
                     nic->name,
                     strcmp(nic->driver, "veth") == 0
                         ? " (a veth does once its peer has an XDP program or GRO)"
                         : "");
}

void interfaces_tell_closed(const struct interfaces *nics)
{
    struct xdp_leftover left;

    for (uint32_t i = 0; i < nics->ports; i++) {
        if (nics->claim[i] && xdp_leftover_query(&left, nics->nic[i]->ifindex) == 0 &&
            left.fail_closed)
            say(nics->say, AFXDP_WARNING,
                "%s stays closed, as an engine with --fail-closed left it: a start that succeeds "
                "opens it, and a regular end of that one",
                nics->nic[i]->name);
    }
}

bool interfaces_has_stack_behind(const struct interfaces *nics, uint32_t port)
{
    return nics->nic[port]->kind[0] != '\0';
}

bool interfaces_keeps_tags(const struct interfaces *nics, uint32_t port)
{
    return strcmp(nics->nic[port]->driver, "veth") == 0;
}

void interfaces_tell_lost(const struct interfaces *nics, uint32_t port,
                          const struct interfaces_lost *lost)
{
    const char *name = nics->nic[port]->name;

    if (lost->tags && interfaces_keeps_tags(nics, port))
        say(nics->say, AFXDP_WARNING,
            "%s: VLAN tags that its peer keeps beside the frame are lost on the way on: %s; where "
            "they come from: ethtool -K PEER txvlan off",
            name, lost->tags);
    if (lost->parts && interfaces_has_stack_behind(nics, port))
        say(nics->say, AFXDP_WARNING,
            "%s: checksums that its peer leaves to be filled in stay so in frames of several "
            "buffers; where they come from: ethtool -K PEER tx off",
            name);
    if (lost->segments && interfaces_has_stack_behind(nics, port))
        say(nics->say, AFXDP_WARNING,
            "%s: segments that its peer leaves to be cut are longer than a chunk and lost, so TCP "
            "crawls; where they come from: ethtool -K PEER tso off gso off",
            name);
}

enum interfaces_end interfaces_end_of(const struct afxdp_config *config, bool started)
{
    if (!started)
        return INTERFACES_FAILED;
    return config->leave_open && config_is_inline(config) ? INTERFACES_LEFT : INTERFACES_ENDED;
}

void interfaces_close(struct interfaces *nics, enum interfaces_end end)
{
    struct error error;

    for (int i = 1; i >= 0; i--) {
        int status = 0;

        if (end == INTERFACES_LEFT)
            nic_leave(nics->nic[i]);
        else
            status = end == INTERFACES_ENDED ? nic_close(nics->nic[i], &error)
                                             : nic_revert(nics->nic[i], &error);
        if (status != 0)
            say(nics->say, AFXDP_WARNING, "%s", error.text);
        nics->nic[i] = NULL;
        xdp_claim_close(nics->claim[i]);
        nics->claim[i] = NULL;
    }
}
