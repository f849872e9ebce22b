// SPDX-License-Identifier: BSD-2-Clause
#include "nic_find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/route.h>
#include <linux/sockios.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic_ethtool.h"

/* /proc/net/route: name, destination, gateway, flags, refcount, use, metric, mask. */
static bool default_route_4(const char *name)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/net/route", "re");

    while (file && !found && fgets(line, sizeof(line), file)) {
        char interface[IF_NAMESIZE];
        unsigned destination, flags, mask;

        found = sscanf(line, "%15s %x %*x %x %*d %*d %*d %x", interface, &destination, &flags,
                       &mask) == 4 &&
                !(flags & RTF_REJECT) && destination == 0 && mask == 0 &&
                strcmp(interface, name) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

/* /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, refcount,
 * use, flags, name. The kernel's own unreachable default route is on lo: it carries nothing. */
static bool default_route_6(const char *name)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/net/ipv6_route", "re");

    while (file && !found && fgets(line, sizeof(line), file)) {
        char destination[40], interface[IF_NAMESIZE];
        unsigned length, flags;

        found = sscanf(line, "%39s %x %*s %*x %*s %*x %*x %*x %x %15s", destination, &length,
                       &flags, interface) == 4 &&
                !(flags & RTF_REJECT) && length == 0 && strspn(destination, "0") == 32 &&
                strcmp(interface, name) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

bool nic_carries_default_route(const char *name)
{
    return default_route_4(name) || default_route_6(name);
}

static bool is_candidate(const struct if_nameindex *interface, int control, int *unknown)
{
    const struct nic nic = {.ifindex = (int)interface->if_index, .control = control};
    struct ifreq what = {0};
    uint64_t features = 0;

    if (nic_ioctl(&nic, SIOCGIFFLAGS, &what) != 0 || !(what.ifr_flags & IFF_UP) ||
        what.ifr_flags & IFF_LOOPBACK || nic_carries_default_route(interface->if_name))
        return false;
    int status = nic_xdp_features((int)interface->if_index, &features);
    if (status != 0)
        *unknown = status;
    return features & NIC_XDP_BASIC;
}

int nic_find(char name[IF_NAMESIZE], struct error *error)
{
    struct if_nameindex *all = if_nameindex();
    char list[256] = "";
    int count = 0;
    int unknown = 0;
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    for (struct if_nameindex *i = all; i && i->if_index; i++) {
        if (!is_candidate(i, control, &unknown))
            continue;
        if (count++ == 0)
            snprintf(name, IF_NAMESIZE, "%s", i->if_name);
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", i->if_name);
    }
    if (all)
        if_freenameindex(all);
    if (control >= 0)
        close(control);
    if (count == 1)
        return 0;
    if (count > 1)
        return error_set(error, -EINVAL, "several interfaces could be meant: %s; say --iface NAME",
                         list);
    if (unknown)
        return error_set(error, -EINVAL,
                         "this kernel doesn't tell which drivers have native XDP (6.3 does): say "
                         "--iface NAME");
    return error_set(error, -EINVAL,
                     "no interface is up, has native XDP and is without the default route: say "
                     "--iface NAME; see: ip -brief link");
}
