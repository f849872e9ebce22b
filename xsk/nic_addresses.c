// SPDX-License-Identifier: BSD-2-Clause
#include "nic_addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <string.h>

#include "nic_sysfs.h"

enum { FLOORS_MOST = 8 }; /* of interfaces above each other; the kernel allows no more */

/* Whether that is an address by which somebody reaches this host; as text. */
static bool reaches_host(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
    const void *bytes;

    if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return false;
    if (address->sa_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else {
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)bytes))
            return false;
    }
    return inet_ntop(address->sa_family, bytes, text, INET6_ADDRSTRLEN) != NULL;
}

struct search {
    const struct ifaddrs *all;
    struct nic_address *found;
    int floor;
};

static int search_on(const struct nic *nic, struct search *search);

static int search_above(const struct nic *nic, const char *name, void *context)
{
    struct search *search = context;
    struct nic upper = {.ifindex = (int)if_nametoindex(name), .control = nic->control};

    strncpy(upper.name, name, sizeof(upper.name) - 1);
    return upper.ifindex ? search_on(&upper, search) : 0; /* gone since it was listed */
}

static int search_on(const struct nic *nic, struct search *search)
{
    for (const struct ifaddrs *i = search->all; i; i = i->ifa_next) {
        if (strcmp(i->ifa_name, nic->name) != 0 || !reaches_host(i->ifa_addr, search->found->text))
            continue;
        memcpy(search->found->interface, nic->name, sizeof(search->found->interface));
        return 1;
    }
    if (search->floor == FLOORS_MOST)
        return 0;
    search->floor++;
    int status = nic_sysfs_each_upper(nic, search_above, search);
    search->floor--;
    return status;
}

int nic_host_address(const struct nic *nic, struct nic_address *address)
{
    struct ifaddrs *all;

    if (getifaddrs(&all) != 0)
        return -errno;
    int status = search_on(nic, &(struct search){.all = all, .found = address});
    freeifaddrs(all);
    return status;
}
