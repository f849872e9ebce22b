// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_ethtool.h"
#include "nic_private.h"

/* The kernel's names; ethtool -K calls the first three rx-vlan-offload, rx-vlan-filter and lro. */
static const struct {
    const char *name;
    bool needed; /* refuse when it can't be turned off */
} offloads[NIC_OFFLOADS] = {
    {"rx-vlan-hw-parse", true},
    {"rx-vlan-filter", false},
    {"rx-lro", true},
    {"rx-gro-hw", true},
};

/* Number of features, and their names behind it. */
static struct ethtool_gstrings *feature_names(const struct nic *nic)
{
    struct {
        struct ethtool_sset_info info;
        uint32_t count;
    } set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};

    if (nic_ethtool(nic, &set) != 0 || set.info.sset_mask == 0 || set.count == 0)
        return NULL;
    struct ethtool_gstrings *names =
        calloc(1, sizeof(*names) + (size_t)set.count * ETH_GSTRING_LEN);
    if (!names)
        return NULL;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = set.count;
    if (nic_ethtool(nic, names) != 0) {
        free(names);
        return NULL;
    }
    return names;
}

static int feature_index(const struct ethtool_gstrings *names, const char *name)
{
    for (uint32_t i = 0; i < names->len; i++)
        if (strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN, name,
                    ETH_GSTRING_LEN) == 0)
            return (int)i;
    return -1;
}

static bool feature_is_on(const struct nic *nic, uint32_t count, int index)
{
    uint32_t blocks = (count + 31) / 32;
    struct ethtool_gfeatures *all =
        calloc(1, sizeof(*all) + blocks * sizeof(struct ethtool_get_features_block));
    bool on = false;

    if (!all)
        return false;
    all->cmd = ETHTOOL_GFEATURES;
    all->size = blocks;
    if (index >= 0 && nic_ethtool(nic, all) == 0)
        on = all->features[index / 32].active >> (index % 32) & 1;
    free(all);
    return on;
}

static void feature_set(const struct nic *nic, uint32_t count, int index, bool on)
{
    uint32_t blocks = (count + 31) / 32;
    struct ethtool_sfeatures *wanted =
        calloc(1, sizeof(*wanted) + blocks * sizeof(struct ethtool_set_features_block));

    if (!wanted)
        return;
    wanted->cmd = ETHTOOL_SFEATURES;
    wanted->size = blocks;
    wanted->features[index / 32].valid = 1u << (index % 32);
    wanted->features[index / 32].requested = on ? 1u << (index % 32) : 0;
    (void)nic_ethtool(nic, wanted); /* what came of it is read back */
    free(wanted);
}

int nic_set_offloads(struct nic *nic, char notice[256], struct error *error)
{
    struct ethtool_gstrings *names = feature_names(nic);
    int status = 0;

    if (!names)
        return 0; /* without features there is nothing to turn off */
    for (int i = 0; status == 0 && i < NIC_OFFLOADS; i++) {
        int index = feature_index(names, offloads[i].name);

        if (index < 0 || !feature_is_on(nic, names->len, index))
            continue;
        feature_set(nic, names->len, index, false);
        nic->turned_off[i] = !feature_is_on(nic, names->len, index);
        if (nic->turned_off[i])
            continue;
        if (offloads[i].needed)
            status = error_set(error, -EOPNOTSUPP,
                               "%s: %s changes frames before XDP sees them and can't be turned off "
                               "(see: ethtool -k %s)",
                               nic->name, offloads[i].name, nic->name);
        else
            snprintf(notice, 256, "%s: %s can't be turned off: frames of unknown VLANs may be lost",
                     nic->name, offloads[i].name);
    }
    free(names);
    return status;
}

void nic_restore_offloads(struct nic *nic)
{
    struct ethtool_gstrings *names = feature_names(nic);

    for (int i = 0; names && i < NIC_OFFLOADS; i++) {
        int index = feature_index(names, offloads[i].name);

        if (nic->turned_off[i] && index >= 0)
            feature_set(nic, names->len, index, true);
        nic->turned_off[i] = false;
    }
    free(names);
}
