// SPDX-License-Identifier: BSD-2-Clause
/* The "netdev" family of generic netlink. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "nic_find.h"

enum { /* linux/netdev.h of kernel 6.3 */
       NETDEV_CMD_DEV_GET = 1,
       NETDEV_A_DEV_IFINDEX = 1,
       NETDEV_A_DEV_XDP_FEATURES = 3,
};

/* NLA_ALIGN and NLA_HDRLEN, which are signed. */
static size_t aligned(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

enum { HEAD = sizeof(struct nlattr) };

struct message {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    char attributes[8192];
};

static void add_attribute(struct message *m, uint16_t type, const void *data, size_t size)
{
    struct nlattr *attribute = (struct nlattr *)(void *)((char *)m + aligned(m->header.nlmsg_len));

    attribute->nla_type = type;
    attribute->nla_len = (uint16_t)(sizeof(*attribute) + size);
    memcpy(attribute + 1, data, size);
    m->header.nlmsg_len += (uint32_t)aligned(attribute->nla_len);
}

static struct message request(uint16_t family, uint8_t command)
{
    return (struct message){
        .header = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
                   .nlmsg_type = family,
                   .nlmsg_flags = NLM_F_REQUEST},
        .generic = {.cmd = command, .version = 1},
    };
}

/* Sends, and puts the answer in its place. */
static int exchange(int fd, struct message *m)
{
    if (send(fd, m, m->header.nlmsg_len, 0) < 0)
        return -errno;
    ssize_t length = recv(fd, m, sizeof(*m), 0);
    if (length < (ssize_t)sizeof(m->header))
        return length < 0 ? -errno : -EBADMSG;
    if (m->header.nlmsg_type == NLMSG_ERROR)
        return ((struct nlmsgerr *)NLMSG_DATA(&m->header))->error;
    return m->header.nlmsg_len <= (size_t)length ? 0 : -EBADMSG;
}

static int find_attribute(const struct message *m, uint16_t type, void *data, size_t size)
{
    const char *at = m->attributes;
    const char *end = (const char *)m + m->header.nlmsg_len;

    while (at + HEAD <= end) {
        const struct nlattr *attribute = (const struct nlattr *)(const void *)at;

        if (attribute->nla_len < HEAD || at + attribute->nla_len > end)
            break;
        if ((attribute->nla_type & 0x3fff) == type && attribute->nla_len >= HEAD + size) {
            memcpy(data, at + HEAD, size);
            return 0;
        }
        at += aligned(attribute->nla_len);
    }
    return -ENOENT;
}

static int ask(int fd, int ifindex, uint64_t *features)
{
    struct message m = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    uint32_t index = (uint32_t)ifindex;
    uint16_t family = 0;

    add_attribute(&m, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
    int status = exchange(fd, &m);
    if (status == 0)
        status = find_attribute(&m, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
    if (status != 0)
        return -EOPNOTSUPP;
    m = request(family, NETDEV_CMD_DEV_GET);
    add_attribute(&m, NETDEV_A_DEV_IFINDEX, &index, sizeof(index));
    status = exchange(fd, &m);
    if (status == 0)
        status = find_attribute(&m, NETDEV_A_DEV_XDP_FEATURES, features, sizeof(*features));
    return status;
}

int nic_xdp_features(int ifindex, uint64_t *features)
{
    const struct timeval patience = {.tv_sec = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    int status = ask(fd, ifindex, features);
    close(fd);
    return status;
}
