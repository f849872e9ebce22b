// SPDX-License-Identifier: BSD-2-Clause
#include "raw_sender.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FULL_PAUSE_US = 50,
    FULL_TRIES = 40000, /* two seconds */
};

struct raw_sender {
    int fd;
    struct mmsghdr messages[BURST_MAX];
    struct iovec parts[BURST_MAX][2];
};

int raw_sender_open(struct raw_sender **out, const char *interface, struct error *error)
{
    struct raw_sender *s = calloc(1, sizeof(*s));
    const int size = 4 << 20;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_ifindex = (int)if_nametoindex(interface)};

    if (!s)
        return error_set(error, -ENOMEM, "out of memory");
    /* Protocol 0: it only sends. */
    s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int status = -errno;
        raw_sender_close(s);
        return error_set(error, status, "%s: cannot send raw frames: %s", interface,
                         strerror(-status));
    }
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    *out = s;
    return 0;
}

static void prepare(struct raw_sender *s, const struct frame *frames, uint32_t count, bool trailers)
{
    for (uint32_t i = 0; i < count; i++) {
        struct iovec *parts = s->parts[i];

        parts[0] = (struct iovec){frames[i].data, frames[i].length};
        parts[1] = (struct iovec){(void *)(uintptr_t)&frames[i].time, sizeof(frames[i].time)};
        s->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = parts, .msg_iovlen = trailers ? 2u : 1u};
    }
}

uint32_t raw_sender_send(struct raw_sender *s, const struct frame *frames, uint32_t count,
                         bool trailers, int *status)
{
    const struct timespec pause = {.tv_nsec = FULL_PAUSE_US * 1000};
    uint32_t sent = 0;
    int full = 0;

    *status = 0;
    prepare(s, frames, count, trailers);
    while (sent < count) {
        int done = sendmmsg(s->fd, s->messages + sent, count - sent, 0);

        if (done > 0) {
            sent += (uint32_t)done;
            full = 0;
            continue;
        }
        if ((errno != ENOBUFS && errno != EAGAIN) || ++full == FULL_TRIES) {
            *status = -errno;
            break;
        }
        nanosleep(&pause, NULL);
    }
    return sent;
}

void raw_sender_close(struct raw_sender *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}
