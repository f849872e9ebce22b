// SPDX-License-Identifier: BSD-2-Clause
#include "raw_receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BLOCK_SIZE = 1 << 18,
    BLOCKS = 64,
    FRAME_SIZE = 1 << 11, /* a block's packets lie one behind the other: only a bound here */
    RETIRE_MS = 1,        /* a block that isn't full is handed over after */
};

struct raw_receiver {
    int fd;
    uint8_t *ring;
    uint32_t block;                  /* the one at work, or awaited */
    uint32_t left;                   /* packets of it */
    const struct tpacket3_hdr *next; /* NULL: none is at work */
    uint64_t lost;                   /* the kernel counts from one question to the next */
};

static struct tpacket_hdr_v1 *header(const struct raw_receiver *r)
{
    struct tpacket_block_desc *block = (void *)(r->ring + (size_t)r->block * BLOCK_SIZE);

    return &block->hdr.bh1;
}

/* The kernel gets a block back when all its packets were judged: with the next burst. */
static bool next_block(struct raw_receiver *r)
{
    struct tpacket_hdr_v1 *at = header(r);

    if (r->next) {
        __atomic_store_n(&at->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        r->block = (r->block + 1) % BLOCKS;
        r->next = NULL;
        at = header(r);
    }
    if (!(__atomic_load_n(&at->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    r->left = at->num_pkts;
    r->next = (const void *)(r->ring + (size_t)r->block * BLOCK_SIZE + at->offset_to_first_pkt);
    return true;
}

static int receive(void *context, struct afxdp_frame *frames, uint32_t most)
{
    struct raw_receiver *r = context;
    uint32_t taken = 0;

    if (r->left == 0 && !next_block(r))
        return 0;
    for (; taken < most && r->left > 0; taken++, r->left--) {
        const struct tpacket3_hdr *packet = r->next;

        frames[taken] = (struct afxdp_frame){
            .data = (uint8_t *)(uintptr_t)packet + packet->tp_mac,
            .length = packet->tp_snaplen,
            .wire_length = packet->tp_len,
            .time = packet->tp_sec * UINT64_C(1000000000) + packet->tp_nsec,
            .link = AFXDP_LINK_ETHERNET,
        };
        r->next = (const void *)((const uint8_t *)packet + packet->tp_next_offset);
    }
    return (int)taken;
}

/* Bound to nothing, it hears nothing until the ring is there. */
static int open_ring(struct raw_receiver *r, const char *interface)
{
    const int version = TPACKET_V3;
    const struct tpacket_req3 request = {
        .tp_block_size = BLOCK_SIZE,
        .tp_block_nr = BLOCKS,
        .tp_frame_size = FRAME_SIZE,
        .tp_frame_nr = BLOCK_SIZE / FRAME_SIZE * BLOCKS,
        .tp_retire_blk_tov = RETIRE_MS,
    };
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_protocol = htons(ETH_P_ALL),
                                        .sll_ifindex = (int)if_nametoindex(interface)};

    r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (r->fd < 0 ||
        setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
        setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return -errno;
    r->ring = mmap(NULL, (size_t)BLOCK_SIZE * BLOCKS, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_POPULATE, r->fd, 0);
    if (r->ring == MAP_FAILED) {
        r->ring = NULL;
        return -errno;
    }
    return bind(r->fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
}

int raw_receiver_open(struct raw_receiver **out, const char *interface, struct afxdp_source *source,
                      struct error *error)
{
    struct raw_receiver *r = calloc(1, sizeof(*r));

    if (!r)
        return error_set(error, -ENOMEM, "out of memory");
    int status = open_ring(r, interface);
    if (status != 0) {
        raw_receiver_close(r);
        return error_set(error, status, "%s: cannot listen with a raw socket: %s", interface,
                         strerror(-status));
    }
    *source = (struct afxdp_source){.receive = receive, .context = r};
    *out = r;
    return 0;
}

int raw_receiver_wait(struct raw_receiver *r, int timeout_ms)
{
    struct pollfd wanted = {.fd = r->fd, .events = POLLIN};

    return poll(&wanted, 1, timeout_ms) >= 0 || errno == EINTR ? 0 : -errno;
}

uint64_t raw_receiver_lost(struct raw_receiver *r)
{
    struct tpacket_stats_v3 since = {0};
    socklen_t size = sizeof(since);

    if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &since, &size) == 0)
        r->lost += since.tp_drops;
    return r->lost;
}

void raw_receiver_close(struct raw_receiver *r)
{
    if (!r)
        return;
    if (r->ring)
        munmap(r->ring, (size_t)BLOCK_SIZE * BLOCKS);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
}
