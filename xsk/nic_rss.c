// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nic_ethtool.h"
#include "nic_private.h"

/* linux/ethtool.h of kernel 6.8: the NIC itself sorts source and destination before hashing. */
#define RSS_SYMMETRIC_XOR 1

enum { KEY_MAX = 128, QUEUES_MAX = 256 };

#define KERNELS_TABLE UINT32_C(0)       /* queues in turn; forgets that a user had set one */
#define SAME_TABLE UINT32_C(0xffffffff) /* ETH_RXFH_INDIR_NO_CHANGE */

/* The current key, with room for it and the table; NULL where the driver has none. */
static struct ethtool_rxfh *read_rss(const struct nic *nic)
{
    struct ethtool_rxfh sizes = {.cmd = ETHTOOL_GRSSH};

    if (nic_ethtool(nic, &sizes) != 0 || sizes.key_size == 0 || sizes.key_size > KEY_MAX)
        return NULL;
    struct ethtool_rxfh *rss =
        calloc(1, sizeof(*rss) + sizes.indir_size * sizeof(uint32_t) + sizes.key_size);
    if (!rss)
        return NULL;
    rss->cmd = ETHTOOL_GRSSH;
    rss->indir_size = sizes.indir_size;
    rss->key_size = sizes.key_size;
    if (nic_ethtool(nic, rss) != 0) {
        free(rss);
        return NULL;
    }
    return rss;
}

static uint8_t *key_of(struct ethtool_rxfh *rss)
{
    return (uint8_t *)(rss->rss_config + rss->indir_size);
}

/* Whether all queues have as many entries: in turn, or in blocks, as drivers fill it. Such a table
 * stays, since one that is set counts as a user's, and the kernel then refuses fewer channels. */
static bool table_is_even(const struct ethtool_rxfh *rss, uint32_t queues)
{
    uint32_t entries[QUEUES_MAX] = {0};

    if (queues > QUEUES_MAX)
        return false;
    for (uint32_t i = 0; i < rss->indir_size; i++) {
        if (rss->rss_config[i] >= queues)
            return false;
        entries[rss->rss_config[i]]++;
    }
    for (uint32_t queue = 0; queue < queues; queue++)
        if (entries[queue] < rss->indir_size / queues)
            return false;
    return true;
}

static bool key_is_symmetric(const uint8_t *key, uint32_t size)
{
    for (uint32_t i = 2; i < size; i++)
        if (key[i] != key[i - 2])
            return false;
    return true;
}

enum nic_rss nic_rss(const struct nic *nic)
{
    struct ethtool_rxfh *rss = read_rss(nic);

    if (!rss)
        return NIC_RSS_UNKNOWN;
    bool symmetric =
        rss->rsvd8[0] == RSS_SYMMETRIC_XOR || key_is_symmetric(key_of(rss), rss->key_size);
    free(rss);
    return symmetric ? NIC_RSS_SYMMETRIC : NIC_RSS_ASYMMETRIC;
}

static int write_key(const struct nic *nic, const uint8_t *key, uint32_t size, uint32_t table)
{
    struct ethtool_rxfh *rss = calloc(1, sizeof(*rss) + size);

    if (!rss)
        return -ENOMEM;
    rss->cmd = ETHTOOL_SRSSH;
    rss->key_size = size;
    rss->indir_size = table;
    memcpy(rss->rss_config, key, size);
    int status = nic_ethtool(nic, rss);
    free(rss);
    return status;
}

static int write_symmetric_key(const struct nic *nic, uint32_t size, uint32_t table)
{
    uint8_t key[KEY_MAX];

    for (uint32_t i = 0; i < size; i++)
        key[i] = i % 2 ? 0x5a : 0x6d;
    return write_key(nic, key, size, table);
}

static const uint32_t udp_kinds[] = {UDP_V4_FLOW, UDP_V6_FLOW};

/* UDP by ports too, as TCP is by default: `sdfn`. Drivers that refuse keep addresses only, which is
 * symmetric as well. */
static void hash_ports(struct nic *nic)
{
    for (int i = 0; i < 2; i++) {
        struct ethtool_rxnfc fields = {.cmd = ETHTOOL_GRXFH, .flow_type = udp_kinds[i]};

        if (nic_ethtool(nic, &fields) != 0)
            continue;
        nic->old_hash_fields[i] = fields.data;
        fields.cmd = ETHTOOL_SRXFH;
        fields.data = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
        (void)nic_ethtool(nic, &fields);
    }
}

int nic_set_symmetric_rss(struct nic *nic, struct error *error)
{
    struct ethtool_rxfh *rss = read_rss(nic);

    if (!rss)
        return error_set(error, -EOPNOTSUPP,
                         "%s: its driver%s%s has no RSS key that can be read, so symmetric RSS "
                         "can't be set; with --queues 1 both directions of a flow always meet",
                         nic->name, nic->driver[0] ? " " : "", nic->driver);
    nic->old_rss = rss;
    nic->changed_table = !table_is_even(rss, nic->channels.rx);
    nic->other_channels = nic->changed_channels;
    hash_ports(nic);
    int status =
        write_symmetric_key(nic, rss->key_size, nic->changed_table ? KERNELS_TABLE : SAME_TABLE);
    if (status != 0)
        return nic_refused(nic, status, "set a symmetric RSS key", error);
    return nic_rss(nic) == NIC_RSS_SYMMETRIC
               ? 0
               : error_set(error, -EOPNOTSUPP, "%s: took a symmetric RSS key, but has another",
                           nic->name);
}

int nic_agree_rss(struct nic *nic, struct nic *other, struct error *error)
{
    struct nic *const both[] = {nic, other};
    const size_t size = nic->old_rss->indir_size * sizeof(uint32_t);

    if (nic->old_rss->indir_size == other->old_rss->indir_size && !nic->changed_table &&
        !other->changed_table &&
        memcmp(nic->old_rss->rss_config, other->old_rss->rss_config, size) == 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        int status = write_symmetric_key(both[i], both[i]->old_rss->key_size, KERNELS_TABLE);

        if (status != 0)
            return nic_refused(both[i], status, "spread flows as the other port", error);
        both[i]->changed_table = true;
    }
    return 0;
}

void nic_restore_rss(struct nic *nic)
{
    if (!nic->old_rss)
        return;
    const uint8_t *key = key_of(nic->old_rss);
    nic->old_rss->cmd = ETHTOOL_SRSSH;
    if (!nic->changed_table)
        (void)write_key(nic, key, nic->old_rss->key_size, SAME_TABLE);
    else if (nic->other_channels) /* the table that was read isn't for those it has again */
        (void)write_key(nic, key, nic->old_rss->key_size, KERNELS_TABLE);
    else
        (void)nic_ethtool(nic, nic->old_rss);
    for (int i = 0; i < 2; i++) {
        struct ethtool_rxnfc fields = {
            .cmd = ETHTOOL_SRXFH, .flow_type = udp_kinds[i], .data = nic->old_hash_fields[i]};
        if (fields.data != 0)
            (void)nic_ethtool(nic, &fields);
    }
    free(nic->old_rss);
    nic->old_rss = NULL;
}
