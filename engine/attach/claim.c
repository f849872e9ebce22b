// SPDX-License-Identifier: BSD-2-Clause
#include "claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t claim_address(int ifindex, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length =
        snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "afxdp-engine/%d", ifindex);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static pid_t claim_owner(const struct sockaddr_un *address, socklen_t length)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (probe < 0)
        return 0;
    if (connect(probe, (const struct sockaddr *)address, length) != 0 ||
        getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        peer.pid = 0;
    close(probe);
    return peer.pid;
}

int xdp_claim(int ifindex, pid_t *owner)
{
    struct sockaddr_un address;
    socklen_t length = claim_address(ifindex, &address);
    int claim = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (claim < 0)
        return -errno;
    if (bind(claim, (const struct sockaddr *)&address, length) != 0 || listen(claim, 1) != 0) {
        int status = errno == EADDRINUSE ? -EBUSY : -errno;
        close(claim);
        if (status == -EBUSY)
            *owner = claim_owner(&address, length);
        return status;
    }
    return claim;
}
