// SPDX-License-Identifier: BSD-2-Clause
/* What engines have changed of an interface: the value of each setting before the first of them,
 * and the values they gave it. As text it lies beside the interface's claim (claim.h):
 *
 *     afxdp-engine settings 1
 *     device BOOT BIRTH ADDRESS   which device of that number this is about
 *     promiscuous off on          SETTING BEFORE SET [SET]
 *     channels 4/4/0 2/2/0
 *
 * Two values stand where an engine is about to change what another one, that was killed, had set:
 * either may be found. */
#ifndef AFXDP_NIC_SETTINGS_H
#define AFXDP_NIC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* In the order in which they are put back. Channels before the spreading of flows: drivers refuse
 * fewer of them while a table that a user set names more. */
enum nic_setting {
    NIC_PROMISCUOUS,
    NIC_DEFER_IRQS,
    NIC_FLUSH_TIMEOUT,
    NIC_VLAN_PARSE,
    NIC_VLAN_FILTER,
    NIC_LRO,
    NIC_GRO_HW,
    NIC_CHANNELS, /* RX/TX/COMBINED */
    NIC_RSS_KEY,
    NIC_RSS_TABLE, /* queues, or NIC_RSS_TABLE_KERNELS */
    NIC_RSS_UDP4,  /* hashed fields, as of ethtool's RXH_ */
    NIC_RSS_UDP6,
    NIC_SETTINGS,
};

#define NIC_ON "on"
#define NIC_OFF "off"
#define NIC_RSS_TABLE_KERNELS "kernel" /* queues in turn, as without a user's table */

enum { NIC_SETTINGS_TEXT_MOST = 128 << 10 };

/* Values are text without blanks; free() them. */
struct nic_change {
    char *before; /* NULL: no engine has changed it */
    char *left;   /* what an engine that was killed gave it; NULL: none has */
    char *set;    /* what this one gives it; just parsed: what else it might be */
    bool ours;    /* this one gives it something */
};

struct nic_device {
    char boot[40];  /* of the kernel it was seen by; "-": unknown */
    uint64_t birth; /* the number of its folder in sysfs, never given twice; 0: unknown */
    uint8_t address[6];
};

struct nic_settings {
    struct nic_device device;
    struct nic_change change[NIC_SETTINGS];
};

/* As in the text and in messages: "promiscuous", "rx-vlan-hw-parse", ... */
const char *nic_setting_name(enum nic_setting which);

/* From text that anybody may have written. -EINVAL with the line that isn't as above; -ENOMEM. On
 * failure *out holds nothing. */
int nic_settings_parse(struct nic_settings *out, const char *text, struct error *error);

/* As text; free() it. *out is NULL where nothing is changed. -ENOMEM. */
int nic_settings_print(char **out, const struct nic_settings *settings);

/* One change less, or all. */
void nic_change_drop(struct nic_change *change);
void nic_settings_drop(struct nic_settings *settings);

/* Whether both are one device: another may have its number, and even its name, later. */
bool nic_device_is(const struct nic_device *a, const struct nic_device *b);

#endif
