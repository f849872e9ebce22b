// SPDX-License-Identifier: BSD-2-Clause
#include "nic_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

enum { NAME_MOST = 128, ANSWER = 32768 };

struct request {
    struct nlmsghdr header;
    struct ifinfomsg link;
    struct rtattr attribute;
    char name[NAME_MOST];
};

/* The attribute at `at`, NULL behind the last. RTA_OK and RTA_NEXT mix signs. */
static const struct rtattr *attribute_at(const char *at, const char *end)
{
    const struct rtattr *a = (const struct rtattr *)(const void *)at;

    return at + sizeof(*a) <= end && a->rta_len >= sizeof(*a) && at + a->rta_len <= end ? a : NULL;
}

static const char *behind(const struct rtattr *a)
{
    return (const char *)a + (((size_t)a->rta_len + RTA_ALIGNTO - 1) & ~(size_t)(RTA_ALIGNTO - 1));
}

static void take_kind(struct nic_link *link, const struct rtattr *info)
{
    const char *end = (const char *)info + info->rta_len;
    const struct rtattr *a = attribute_at(RTA_DATA(info), end);

    for (; a; a = attribute_at(behind(a), end))
        if (a->rta_type == IFLA_INFO_KIND)
            snprintf(link->kind, sizeof(link->kind), "%.*s", (int)RTA_PAYLOAD(a),
                     (const char *)RTA_DATA(a));
}

static void take(struct nic_link *link, struct nlmsghdr *header)
{
    struct ifinfomsg *about = NLMSG_DATA(header);
    const char *end = (const char *)header + header->nlmsg_len;
    const struct rtattr *a = attribute_at((const char *)(about + 1), end);

    *link = (struct nic_link){.ifindex = about->ifi_index, .type = about->ifi_type};
    for (; a; a = attribute_at(behind(a), end)) {
        size_t size = RTA_PAYLOAD(a);

        if (a->rta_type == IFLA_IFNAME)
            snprintf(link->name, sizeof(link->name), "%.*s", (int)size, (const char *)RTA_DATA(a));
        else if (a->rta_type == IFLA_MTU && size >= sizeof(link->mtu))
            memcpy(&link->mtu, RTA_DATA(a), sizeof(link->mtu));
        else if (a->rta_type == IFLA_MASTER && size >= sizeof(link->master))
            memcpy(&link->master, RTA_DATA(a), sizeof(link->master));
        else if (a->rta_type == IFLA_LINKINFO)
            take_kind(link, a);
        else if (a->rta_type == IFLA_STATS64)
            memcpy(&link->stats, RTA_DATA(a),
                   size < sizeof(link->stats) ? size : sizeof(link->stats));
    }
}

static int exchange(int fd, const struct request *request, struct nic_link *link)
{
    static _Thread_local union {
        struct nlmsghdr header;
        char bytes[ANSWER];
    } answer;

    if (send(fd, request, request->header.nlmsg_len, 0) < 0)
        return -errno;
    ssize_t length = recv(fd, &answer, sizeof(answer), 0);
    if (length < 0)
        return -errno;
    if (!NLMSG_OK(&answer.header, (size_t)length))
        return -EBADMSG;
    if (answer.header.nlmsg_type == NLMSG_ERROR)
        return ((const struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
    take(link, &answer.header);
    return 0;
}

int nic_link_read(struct nic_link *link, const char *name, int ifindex)
{
    const struct timeval patience = {.tv_sec = 2};
    struct request request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.link)),
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST},
        .link = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex},
    };

    if (ifindex == 0) {
        size_t length = strlen(name);

        if (length == 0 || length >= NAME_MOST)
            return -ENODEV;
        memcpy(request.name, name, length + 1);
        request.attribute.rta_type = length < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME;
        request.attribute.rta_len = (unsigned short)RTA_LENGTH(length + 1);
        request.header.nlmsg_len += RTA_SPACE(length + 1);
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    int status = exchange(fd, &request, link);
    close(fd);
    return status == -EINVAL ? -ENODEV : status; /* no alternative names before kernel 5.5 */
}
