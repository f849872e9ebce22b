// SPDX-License-Identifier: BSD-2-Clause
#include "doctor.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "afxdp_engine.h"
#include "attach.h"
#include "attached.h"
#include "claim.h"
#include "doctor_private.h"
#include "interfaces.h"
#include "nic_find.h"

enum { CHUNK_ROOM = 4096 - 256 - FRAME_OVERHEAD };

/* The link, and what kind of one it is. Whether there can be an engine at all. */
static bool look_at_link(struct diagnosis *diagnosis, const struct nic *nic)
{
    char cure[64];
    struct error error;

    snprintf(cure, sizeof(cure), "ip link set dev %.16s up", nic->name);
    if (nic_check_kind(nic, false, &error) != 0) {
        doctor_find(diagnosis, "interface", FINDING_FAULT, "", "%.300s", error.text);
        return false;
    }
    if (!nic_is_up(nic)) {
        doctor_find(diagnosis, "interface", FINDING_FAULT, cure, "%s is down", nic->name);
        return false;
    }
    if (!nic_has_carrier(nic))
        doctor_find(diagnosis, "interface", FINDING_WARNING, "the cable, or its other side",
                    "%s is up, but has no carrier: nothing will arrive", nic->name);
    else
        doctor_find(diagnosis, "interface", FINDING_OK, "", "%s, driver %s", nic->name,
                    nic->driver[0] ? nic->driver : "unknown");
    return true;
}

/* Whether nobody else has it. */
static bool look_at_programs(struct diagnosis *diagnosis, const struct nic *nic)
{
    struct xdp_claim *claim = NULL;
    struct xdp_attached attached = {0};
    struct error error;
    char cure[64];
    int status = xdp_claim_open(&claim, nic->ifindex, &error);

    if (status == 0)
        xdp_claim_close(claim);
    else if (status == -EBUSY)
        doctor_find(diagnosis, "programs", FINDING_FAULT, "afxdp-engine ctl stop", "%.300s",
                    error.text);
    if (status != 0)
        return false; /* the run folder has been told of */
    snprintf(cure, sizeof(cure), "ip link set dev %.16s xdp%s off", nic->name,
             xdp_attached_query(nic->ifindex, &attached) == 0 && attached.skb ? "generic" : "");
    if (attached.id == 0 || attached.ours || attached.dispatcher) {
        doctor_find(diagnosis, "programs", FINDING_OK, "", "%s",
                    attached.id == 0      ? "none"
                    : attached.dispatcher ? "libxdp's dispatcher, which ours will join"
                                          : "one that an ended engine left, and the next replaces");
        return true;
    }
    doctor_find(diagnosis, "programs", FINDING_FAULT, cure,
                "%s has another's XDP program, number %u %s", nic->name, attached.id,
                attached.name);
    return false;
}

static void look_at_queues(struct diagnosis *diagnosis, const struct nic *nic)
{
    enum nic_rss rss = nic_rss(nic);
    uint32_t queues = nic->channels.rx;

    if (queues < 2)
        doctor_find(diagnosis, "queues", FINDING_OK, "", "one");
    else if (rss == NIC_RSS_SYMMETRIC)
        doctor_find(diagnosis, "queues", FINDING_OK, "", "%u, spread symmetrically", queues);
    else
        doctor_find(diagnosis, "queues", FINDING_WARNING,
                    rss == NIC_RSS_ASYMMETRIC ? "--symmetric-rss" : "--queues 1 --set-channels",
                    "%u, and both directions of a flow %s come in on different ones", queues,
                    rss == NIC_RSS_ASYMMETRIC ? "do" : "may");
}

static void look_at_mtu(struct diagnosis *diagnosis, const struct nic *nic)
{
    uint64_t features = 0;
    char cure[64];

    snprintf(cure, sizeof(cure), "ip link set dev %.16s mtu 1500", nic->name);
    if (nic->mtu <= CHUNK_ROOM)
        doctor_find(diagnosis, "MTU", FINDING_OK, "", "%u", nic->mtu);
    else if (!xdp_frags_known() ||
             (nic_xdp_features(nic->ifindex, &features) == 0 && !(features & NIC_XDP_RX_FRAGS)))
        doctor_find(diagnosis, "MTU", FINDING_FAULT, cure,
                    "%u: longer than a chunk, and kernel or driver can't use several", nic->mtu);
    else
        doctor_find(diagnosis, "MTU", FINDING_OK, "", "%u, in several chunks", nic->mtu);
}

/* How many interrupts the interface has, and whether one CPU has them all. */
static void look_at_interrupts(struct diagnosis *diagnosis, const struct nic *nic)
{
    char path[96], cpus[64] = "", first[64] = "";
    uint32_t count = 0, alike = 0;

    snprintf(path, sizeof(path), "/sys/class/net/%.16s/device/msi_irqs", nic->name);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/irq/%.16s/effective_affinity_list", entry->d_name);
        doctor_read_line(path, cpus, sizeof(cpus));
        if (count++ == 0)
            memcpy(first, cpus, sizeof(first));
        alike += strcmp(first, cpus) == 0;
    }
    if (folder)
        closedir(folder);
    if (count > 2 && alike == count && nic->channels.rx > 1)
        doctor_find(diagnosis, "interrupts", FINDING_WARNING,
                    "systemctl start irqbalance, or echo CPU >/proc/irq/N/smp_affinity_list",
                    "all %u of %s go to CPU %s", count, nic->name, first);
    else if (count > 0)
        doctor_find(diagnosis, "interrupts", FINDING_OK, "", "%u", count);
}

/* What an engine would get: 0 or -errno with its words. */
static int try_mode(const char *interface, const char *mode, struct afxdp_error *error)
{
    struct afxdp_config *config = NULL;
    struct afxdp_datapath *datapath = NULL;
    int status = afxdp_config_new(&config);

    if (status == 0)
        status = afxdp_config_set(config, "iface", interface, error);
    if (status == 0)
        status = afxdp_config_set(config, "model", "none", error);
    if (status == 0)
        status = afxdp_config_set(config, "flows", "1024", error);
    if (status == 0)
        status = afxdp_config_set(config, "mode", mode, error);
    if (status == 0)
        status = afxdp_datapath_open(&datapath, config, NULL, error);
    if (status == 0)
        status = afxdp_datapath_start(datapath, error);
    afxdp_datapath_close(datapath);
    afxdp_config_free(config);
    return status;
}

static void try_modes(struct diagnosis *diagnosis, const struct nic *nic)
{
    static const char *const modes[] = {"zerocopy", "copy", "skb"};
    static const char *const words[] = {"zero-copy", "copy mode: the driver grants no zero-copy",
                                        "generic mode only: slow, and only when asked for"};
    static const char *const cures[] = {"", "", "--mode skb, or a driver with native XDP"};
    struct afxdp_error error[3] = {{""}, {""}, {""}};

    for (int i = 0; i < 3; i++) {
        if (try_mode(nic->name, modes[i], &error[i]) != 0)
            continue;
        doctor_find(diagnosis, "XDP mode", i == 2 ? FINDING_WARNING : FINDING_OK, cures[i], "%s",
                    words[i]);
        return;
    }
    doctor_find(diagnosis, "XDP mode", FINDING_FAULT, "", "%.390s", error[1].text);
}

static void look_at_interface(struct diagnosis *diagnosis, const char *interface)
{
    bool able = doctor_worst(diagnosis) != FINDING_FAULT;
    struct nic *nic = NULL;
    struct error error;

    if (nic_open(&nic, interface, &error) != 0) {
        doctor_find(diagnosis, "interface", FINDING_FAULT, "ip link", "%.300s", error.text);
        return;
    }
    bool usable = look_at_link(diagnosis, nic);
    bool free_to_try = usable && look_at_programs(diagnosis, nic);
    look_at_queues(diagnosis, nic);
    look_at_mtu(diagnosis, nic);
    look_at_interrupts(diagnosis, nic);
    if (free_to_try && able && nic_carries_default_route(nic->name))
        doctor_find(diagnosis, "XDP mode", FINDING_WARNING, "another interface, or --bypass",
                    "not tried: %s carries the default route", nic->name);
    else if (free_to_try && able)
        try_modes(diagnosis, nic);
    (void)nic_close(nic, &error);
}

void doctor_examine(struct diagnosis *diagnosis, const char *interface)
{
    *diagnosis = (struct diagnosis){.count = 0};
    doctor_look_at_machine(diagnosis);
    if (interface)
        look_at_interface(diagnosis, interface);
}
