// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
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

/* Such a table stays, since one that is set counts as a user's, and the kernel then refuses fewer
 * channels. */
bool nic_rss_table_is_even(const char *table, uint32_t queues)
{
    uint32_t entries[QUEUES_MAX] = {0};
    uint32_t count = 0;

    if (queues == 0 || queues > QUEUES_MAX)
        return false;
    for (const char *at = table; at; count++) {
        unsigned long queue = strtoul(at, NULL, 10);

        if (queue >= queues)
            return false;
        entries[queue]++;
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    for (uint32_t queue = 0; queue < queues; queue++)
        if (entries[queue] < count / queues)
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

int nic_read_rss_key(const struct nic *nic, enum nic_setting which, char **value)
{
    struct ethtool_rxfh *rss = read_rss(nic);
    char text[2 * KEY_MAX + 1] = "";

    (void)which;
    if (!rss)
        return -EOPNOTSUPP;
    for (uint32_t i = 0; i < rss->key_size; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", key_of(rss)[i]);
    free(rss);
    return nic_text(value, "%s", text);
}

int nic_write_rss_key(const struct nic *nic, enum nic_setting which, const char *value)
{
    uint32_t size = (uint32_t)strlen(value) / 2;
    struct ethtool_rxfh *rss = calloc(1, sizeof(*rss) + size);

    (void)which;
    if (!rss)
        return -ENOMEM;
    rss->cmd = ETHTOOL_SRSSH;
    rss->key_size = size;
    rss->indir_size = SAME_TABLE;
    for (uint32_t i = 0; i < size; i++) {
        const char byte[] = {value[(size_t)2 * i], value[(size_t)2 * i + 1], 0};

        ((uint8_t *)rss->rss_config)[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    int status = nic_ethtool(nic, rss);
    free(rss);
    return status;
}

int nic_read_rss_table(const struct nic *nic, enum nic_setting which, char **value)
{
    struct ethtool_rxfh *rss = read_rss(nic);
    char *text = NULL;
    size_t size;

    (void)which;
    if (!rss)
        return -EOPNOTSUPP;
    FILE *file = open_memstream(&text, &size);
    if (file && rss->indir_size == 0)
        fputs(NIC_RSS_TABLE_KERNELS, file);
    for (uint32_t i = 0; file && i < rss->indir_size; i++)
        fprintf(file, "%s%u", i ? "," : "", rss->rss_config[i]);
    free(rss);
    if (!file || fclose(file) != 0) {
        free(text);
        return -ENOMEM;
    }
    *value = text;
    return 0;
}

int nic_write_rss_table(const struct nic *nic, enum nic_setting which, const char *value)
{
    bool kernels = strcmp(value, NIC_RSS_TABLE_KERNELS) == 0;
    size_t count = 1;

    (void)which;
    for (const char *at = value; (at = strchr(at, ',')) != NULL; at++)
        count++;
    struct ethtool_rxfh *rss = calloc(1, sizeof(*rss) + count * sizeof(uint32_t));
    if (!rss)
        return -ENOMEM;
    rss->cmd = ETHTOOL_SRSSH;
    rss->indir_size = kernels ? KERNELS_TABLE : (uint32_t)count;
    for (size_t i = 0; !kernels && i < count; i++) {
        rss->rss_config[i] = (uint32_t)strtoul(value, NULL, 10);
        value = strchr(value, ',') + 1; /* not read behind the last */
    }
    int status = nic_ethtool(nic, rss);
    free(rss);
    return status;
}

static uint32_t flow_type(enum nic_setting which)
{
    return which == NIC_RSS_UDP4 ? UDP_V4_FLOW : UDP_V6_FLOW;
}

int nic_read_rss_fields(const struct nic *nic, enum nic_setting which, char **value)
{
    struct ethtool_rxnfc fields = {.cmd = ETHTOOL_GRXFH, .flow_type = flow_type(which)};
    int status = nic_ethtool(nic, &fields);

    return status != 0 ? status : nic_text(value, "%llu", (unsigned long long)fields.data);
}

int nic_write_rss_fields(const struct nic *nic, enum nic_setting which, const char *value)
{
    struct ethtool_rxnfc fields = {
        .cmd = ETHTOOL_SRXFH, .flow_type = flow_type(which), .data = strtoull(value, NULL, 10)};

    return nic_ethtool(nic, &fields);
}

/* UDP by ports too, as TCP is by default: `sdfn`. Drivers that refuse keep addresses only, which is
 * symmetric as well. */
static int hash_ports(struct nic *nic, struct error *error)
{
    const unsigned sdfn = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
    int status = 0;

    for (int i = 0; status >= 0 && i < 2; i++) {
        enum nic_setting which = i == 0 ? NIC_RSS_UDP4 : NIC_RSS_UDP6;
        char value[16], *now;

        if (nic_read(nic, which, &now) != 0)
            continue;
        free(now);
        snprintf(value, sizeof(value), "%u", sdfn);
        status = nic_remember(nic, which, value, error);
        if (status == 0)
            (void)nic_write(nic, which, value);
    }
    return status < 0 ? status : 0;
}

static int set_symmetric_key(struct nic *nic, uint32_t size, struct error *error)
{
    char key[2 * KEY_MAX + 1] = "";

    for (uint32_t i = 0; i < size; i++)
        snprintf(key + (size_t)2 * i, 3, i % 2 ? "5a" : "6d");
    int status = nic_remember(nic, NIC_RSS_KEY, key, error);
    if (status != 0)
        return status < 0 ? status : 0;
    status = nic_write(nic, NIC_RSS_KEY, key);
    return status == 0 ? 0 : nic_refused(nic, status, "set a symmetric RSS key", error);
}

static int set_kernels_table(struct nic *nic, struct error *error)
{
    int status = nic_remember(nic, NIC_RSS_TABLE, NIC_RSS_TABLE_KERNELS, error);

    if (status != 0)
        return status < 0 ? status : 0;
    status = nic_write(nic, NIC_RSS_TABLE, NIC_RSS_TABLE_KERNELS);
    return status == 0 ? 0 : nic_refused(nic, status, "spread flows evenly", error);
}

int nic_set_symmetric_rss(struct nic *nic, struct error *error)
{
    struct ethtool_rxfh *rss = read_rss(nic);
    char *table;

    if (!rss)
        return error_set(error, -EOPNOTSUPP,
                         "%s: its driver%s%s has no RSS key that can be read, so symmetric RSS "
                         "can't be set; with --queues 1 both directions of a flow always meet",
                         nic->name, nic->driver[0] ? " " : "", nic->driver);
    uint32_t size = rss->key_size;
    free(rss);
    int status = nic_read(nic, NIC_RSS_TABLE, &table);
    if (status != 0)
        return nic_refused(nic, status, "look at its RSS table", error);
    bool even = nic_rss_table_is_even(table, nic->channels.rx);
    free(table);
    status = hash_ports(nic, error);
    if (status == 0)
        status = set_symmetric_key(nic, size, error);
    if (status == 0 && !even)
        status = set_kernels_table(nic, error);
    if (status != 0)
        return status;
    return nic_rss(nic) == NIC_RSS_SYMMETRIC
               ? 0
               : error_set(error, -EOPNOTSUPP, "%s: took a symmetric RSS key, but has another",
                           nic->name);
}

int nic_agree_rss(struct nic *nic, struct nic *other, struct error *error)
{
    struct nic *const both[] = {nic, other};
    char *table[2] = {NULL, NULL};
    int status = 0;

    for (int i = 0; status == 0 && i < 2; i++) {
        status = nic_read(both[i], NIC_RSS_TABLE, &table[i]);
        if (status != 0)
            nic_refused(both[i], status, "look at its RSS table", error);
    }
    bool alike = status == 0 && strcmp(table[0], table[1]) == 0;
    for (int i = 0; i < 2; i++)
        free(table[i]);
    for (int i = 0; status == 0 && !alike && i < 2; i++)
        status = set_kernels_table(both[i], error);
    return status;
}
