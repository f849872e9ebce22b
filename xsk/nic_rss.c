// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nic_ethtool.h"
#include "nic_private.h"

/* linux/ethtool.h of kernel 6.8: the NIC itself sorts source and destination before hashing. */
#define RSS_SYMMETRIC_XOR 1

enum { KEY_MAX = 128, EVEN_TABLE = 0 };

/* The current key, with room for it and the table; NULL where the driver has none. */
static struct ethtool_rxfh *read_rss(const struct nic *nic)
{
    struct ethtool_rxfh sizes = {.cmd = ETHTOOL_GRSSH};

    if (nic_ethtool(nic->name, &sizes) != 0 || sizes.key_size == 0 || sizes.key_size > KEY_MAX)
        return NULL;
    struct ethtool_rxfh *rss =
        calloc(1, sizeof(*rss) + sizes.indir_size * sizeof(uint32_t) + sizes.key_size);
    if (!rss)
        return NULL;
    rss->cmd = ETHTOOL_GRSSH;
    rss->indir_size = sizes.indir_size;
    rss->key_size = sizes.key_size;
    if (nic_ethtool(nic->name, rss) != 0) {
        free(rss);
        return NULL;
    }
    return rss;
}

static uint8_t *key_of(struct ethtool_rxfh *rss)
{
    return (uint8_t *)(rss->rss_config + rss->indir_size);
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

static int write_key(const struct nic *nic, uint32_t size)
{
    struct ethtool_rxfh *rss = calloc(1, sizeof(*rss) + size);

    if (!rss)
        return -ENOMEM;
    rss->cmd = ETHTOOL_SRSSH;
    rss->key_size = size;
    rss->indir_size = EVEN_TABLE;
    uint8_t *key = (uint8_t *)rss->rss_config;
    for (uint32_t i = 0; i < size; i++)
        key[i] = i % 2 ? 0x5a : 0x6d;
    int status = nic_ethtool(nic->name, rss);
    free(rss);
    return status;
}

static const uint32_t udp_kinds[] = {UDP_V4_FLOW, UDP_V6_FLOW};

/* UDP by ports too, as TCP is by default: `sdfn`. Drivers that refuse keep addresses only, which is
 * symmetric as well. */
static void hash_ports(struct nic *nic)
{
    for (int i = 0; i < 2; i++) {
        struct ethtool_rxnfc fields = {.cmd = ETHTOOL_GRXFH, .flow_type = udp_kinds[i]};

        if (nic_ethtool(nic->name, &fields) != 0)
            continue;
        nic->old_hash_fields[i] = fields.data;
        fields.cmd = ETHTOOL_SRXFH;
        fields.data = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
        (void)nic_ethtool(nic->name, &fields);
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
    hash_ports(nic);
    int status = write_key(nic, rss->key_size);
    if (status != 0)
        return nic_refused(nic, status, "set a symmetric RSS key", error);
    return nic_rss(nic) == NIC_RSS_SYMMETRIC
               ? 0
               : error_set(error, -EOPNOTSUPP, "%s: took a symmetric RSS key, but has another",
                           nic->name);
}

void nic_restore_rss(struct nic *nic)
{
    if (!nic->old_rss)
        return;
    nic->old_rss->cmd = ETHTOOL_SRSSH; /* key and table as they were */
    (void)nic_ethtool(nic->name, nic->old_rss);
    for (int i = 0; i < 2; i++) {
        struct ethtool_rxnfc fields = {
            .cmd = ETHTOOL_SRXFH, .flow_type = udp_kinds[i], .data = nic->old_hash_fields[i]};
        if (fields.data != 0)
            (void)nic_ethtool(nic->name, &fields);
    }
    free(nic->old_rss);
    nic->old_rss = NULL;
}
