// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_ethtool.h"
#include "nic_private.h"

/* Number of features, and their names behind it. */
static int feature_names(const struct nic *nic, struct ethtool_gstrings **out)
{
    union {
        struct ethtool_sset_info info;
        char room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)]; /* for one count */
    } set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
    int status = nic_ethtool(nic, &set);

    uint32_t count = status == 0 && set.info.sset_mask != 0 ? set.info.data[0] : 0;
    if (count == 0)
        return status != 0 ? status : -EOPNOTSUPP;
    struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
    if (!names)
        return -ENOMEM;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = count;
    status = nic_ethtool(nic, names);
    if (status == 0)
        *out = names;
    else
        free(names);
    return status;
}

static int feature_index(const struct ethtool_gstrings *names, const char *name)
{
    for (uint32_t i = 0; i < names->len; i++)
        if (strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN, name,
                    ETH_GSTRING_LEN) == 0)
            return (int)i;
    return -1;
}

static int feature_is_on(const struct nic *nic, uint32_t count, int index, bool *on)
{
    uint32_t blocks = (count + 31) / 32;
    struct ethtool_gfeatures *all =
        calloc(1, sizeof(*all) + blocks * sizeof(struct ethtool_get_features_block));

    if (!all)
        return -ENOMEM;
    all->cmd = ETHTOOL_GFEATURES;
    all->size = blocks;
    int status = nic_ethtool(nic, all);
    if (status == 0)
        *on = all->features[index / 32].active >> (index % 32) & 1;
    free(all);
    return status;
}

static int feature_set(const struct nic *nic, uint32_t count, int index, bool on)
{
    uint32_t blocks = (count + 31) / 32;
    struct ethtool_sfeatures *wanted =
        calloc(1, sizeof(*wanted) + blocks * sizeof(struct ethtool_set_features_block));

    if (!wanted)
        return -ENOMEM;
    wanted->cmd = ETHTOOL_SFEATURES;
    wanted->size = blocks;
    wanted->features[index / 32].valid = 1u << (index % 32);
    wanted->features[index / 32].requested = on ? 1u << (index % 32) : 0;
    (void)nic_ethtool(nic, wanted); /* what came of it is read back */
    free(wanted);
    return 0;
}

/* 0 with the index, -EOPNOTSUPP where there is no such feature. */
static int find(const struct nic *nic, enum nic_setting which, uint32_t *count, int *index)
{
    struct ethtool_gstrings *names = NULL;
    int status = feature_names(nic, &names);

    if (status != 0)
        return status;
    *count = names->len;
    *index = feature_index(names, nic_setting_name(which));
    free(names);
    return *index < 0 ? -EOPNOTSUPP : 0;
}

int nic_read_offload(const struct nic *nic, enum nic_setting which, char **value)
{
    uint32_t count;
    bool on;
    int index;
    int status = find(nic, which, &count, &index);

    if (status == 0)
        status = feature_is_on(nic, count, index, &on);
    return status != 0 ? status : nic_text(value, "%s", on ? NIC_ON : NIC_OFF);
}

int nic_write_offload(const struct nic *nic, enum nic_setting which, const char *value)
{
    bool wanted = strcmp(value, NIC_ON) == 0;
    bool on = !wanted;
    uint32_t count;
    int index;
    int status = find(nic, which, &count, &index);

    if (status == 0)
        status = feature_set(nic, count, index, wanted);
    if (status == 0)
        status = feature_is_on(nic, count, index, &on);
    return status == 0 && on != wanted ? -EOPNOTSUPP : status;
}

/* 1: it is off, or there is none. 0: it has to be turned off, which is remembered. */
static int look(struct nic *nic, enum nic_setting which, struct error *error)
{
    char *value;
    int status = nic_read(nic, which, &value);

    if (status == -EOPNOTSUPP)
        return 1;
    if (status != 0)
        return nic_refused(nic, status, "look at its offloads", error);
    bool off = strcmp(value, NIC_OFF) == 0;
    free(value);
    return off ? 1 : nic_remember(nic, which, NIC_OFF, error);
}

int nic_set_offloads(struct nic *nic, char notice[256], struct error *error)
{
    static const enum nic_setting offloads[] = {NIC_VLAN_PARSE, NIC_VLAN_FILTER, NIC_LRO,
                                                NIC_GRO_HW};

    for (size_t i = 0; i < sizeof(offloads) / sizeof(offloads[0]); i++) {
        enum nic_setting which = offloads[i];
        const char *name = nic_setting_name(which);
        int status = look(nic, which, error);

        if (status < 0)
            return status;
        if (status == 1 || nic_write(nic, which, NIC_OFF) == 0)
            continue;
        if (which != NIC_VLAN_FILTER)
            return error_set(error, -EOPNOTSUPP,
                             "%s: %s changes frames before XDP sees them and can't be turned off "
                             "(see: ethtool -k %s)",
                             nic->name, name, nic->name);
        snprintf(notice, 256, "%s: %s can't be turned off: frames of unknown VLANs may be lost",
                 nic->name, name);
    }
    return 0;
}
