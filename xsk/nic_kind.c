// SPDX-License-Identifier: BSD-2-Clause
/* Kinds of interfaces that are no wire; docs/afxdp.md has the table of all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nic.h"
#include "nic_link.h"

struct kind {
    const char *kind;
    const char *advice;
    bool names_members;
};

static const struct kind kinds[] = {
    {"bond", "a bond, whose queues belong to its members: name one of these", true},
    {"team", "a team, whose queues belong to its members: name one of these", true},
    {"bridge", "a bridge, which sees only what is meant for this host: name one of its ports",
     true},
    {"vlan", "a VLAN of another interface: name that one, tags are looked through", false},
    {"macvlan", "a part of another interface: name that one", false},
    {"macvtap", "a part of another interface: name that one", false},
    {"ipvlan", "a part of another interface: name that one", false},
    {"ipvtap", "a part of another interface: name that one", false},
    {"vxlan", "a tunnel: name the interface that carries it", false},
    {"geneve", "a tunnel: name the interface that carries it", false},
    {"gretap", "a tunnel: name the interface that carries it", false},
    {"ip6gretap", "a tunnel: name the interface that carries it", false},
    {"macsec", "another interface's frames, decrypted: name that one", false},
};

/* " (eth0, eth1)", as far as there is room; "" where it has none. */
static void list_members(int master, char *list, size_t size)
{
    struct if_nameindex *all = if_nameindex();
    size_t used = 0;

    list[0] = '\0';
    for (struct if_nameindex *i = all; i && i->if_index; i++) {
        struct nic_link link;

        if (nic_link_read(&link, NULL, (int)i->if_index) != 0 || link.master != (uint32_t)master ||
            used + strlen(link.name) + 4 > size)
            continue;
        used += (size_t)snprintf(list + used, size - used, "%s%s", used ? ", " : " (", link.name);
    }
    if (used > 0)
        snprintf(list + used, size - used, ")");
    if (all)
        if_freenameindex(all);
}

int nic_check_kind(const struct nic *nic, bool skb, struct error *error)
{
    char members[160] = "";

    for (size_t i = 0; !skb && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(nic->kind, kinds[i].kind) != 0)
            continue;
        if (kinds[i].names_members)
            list_members(nic->ifindex, members, sizeof(members));
        return error_set(error, -EOPNOTSUPP,
                         "%s is %s%s; see: ip -d link (--mode skb takes %s as it is)", nic->name,
                         kinds[i].advice, members, nic->name);
    }
    return 0;
}
