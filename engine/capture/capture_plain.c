// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "capture_private.h"

/* Well more than the largest packet, and little enough to stay in a core's second-level cache. */
enum { BLOCK_SIZE = 512 << 10, RECORD_HEADER = 16 };

struct plain {
    struct capture capture;
    bool swapped;    /* written on a machine of the other byte order */
    uint32_t unit;   /* ns in one of the time's fractions */
    uint32_t snap;   /* captured bytes of a packet beyond it are cut off, as libpcap does */
    uint64_t number; /* of the next packet, from 0 */
    size_t at;       /* what isn't handed out yet: block[at..end) */
    size_t end;
    bool exhausted; /* the file has no more behind block[end] */
    uint8_t block[BLOCK_SIZE];
};

static uint32_t field(const struct plain *plain, const uint8_t *bytes)
{
    uint32_t value = load_wire32(bytes);

    return plain->swapped ? __builtin_bswap32(value) : value;
}

/* Hands out the packets that are in the block as a whole, up to one too large to be sane. */
static uint32_t take(struct plain *plain, struct frame *frames, uint32_t most)
{
    uint32_t count = 0;

    while (count < most && plain->end - plain->at >= RECORD_HEADER) {
        const uint8_t *record = plain->block + plain->at;
        uint32_t captured = field(plain, record + 8);
        uint32_t wire = field(plain, record + 12);

        if (captured > CAPTURE_PACKET_MAX || plain->end - plain->at - RECORD_HEADER < captured)
            break;
        uint32_t length = captured < plain->snap ? captured : plain->snap;
        frames[count++] = (struct frame){
            .data = plain->block + plain->at + RECORD_HEADER,
            .length = length,
            .wire_length = wire > length ? wire : length,
            .time = field(plain, record) * UINT64_C(1000000000) +
                    (uint64_t)field(plain, record + 4) * plain->unit,
            .link = plain->capture.link,
        };
        plain->at += RECORD_HEADER + captured;
    }
    plain->number += count;
    return count;
}

/* The next packet can't be handed out yet: why, if it never will be. */
static int check(struct plain *plain)
{
    size_t left = plain->end - plain->at;
    uint32_t captured = left >= RECORD_HEADER ? field(plain, plain->block + plain->at + 8) : 0;

    if (captured > CAPTURE_PACKET_MAX)
        return error_set(&plain->capture.fault, -EBADMSG,
                         "capture %s breaks off: packet %llu claims %u bytes, at most %d are sane "
                         "(truncated or damaged)",
                         plain->capture.path, (unsigned long long)plain->number, captured,
                         CAPTURE_PACKET_MAX);
    if (!plain->exhausted)
        return 0;
    if (left == 0)
        return -ENODATA;
    return error_set(&plain->capture.fault, -EBADMSG,
                     "capture %s breaks off: the file ends in the middle of packet %llu "
                     "(truncated)",
                     plain->capture.path, (unsigned long long)plain->number);
}

/* Moves what is left to the front and reads on. */
static int refill(struct plain *plain)
{
    size_t left = plain->end - plain->at;

    memmove(plain->block, plain->block + plain->at, left);
    plain->at = 0;
    plain->end = left;
    ssize_t got = read(plain->capture.fd, plain->block + left, BLOCK_SIZE - left);
    if (got < 0) {
        int err = errno;
        return error_set(&plain->capture.fault, -err, "capture %s breaks off: %s",
                         plain->capture.path, strerror(err));
    }
    plain->exhausted = got == 0;
    plain->end += (size_t)got;
    return 0;
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct plain *plain = (struct plain *)port;
    uint32_t count;

    while ((count = take(plain, frames, most)) == 0 && !plain->capture.ended) {
        plain->capture.ended = check(plain);
        if (!plain->capture.ended)
            plain->capture.ended = refill(plain);
    }
    return count > 0 ? (int)count : plain->capture.ended;
}

static void destroy(struct capture *capture)
{
    free(capture);
}

/* https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-02.html: the link type's upper bits tell
 * of checksums at the frames' ends. */
static bool understand(struct plain *plain, const uint8_t header[CAPTURE_PEEK])
{
    static const struct {
        uint32_t number;
        enum link_type link;
        const char *name;
    } links[] = {
        {0, LINK_LOOPBACK, "NULL"},
        {1, LINK_ETHERNET, "EN10MB"},
        {12, LINK_RAW_IP, "RAW"},
        {101, LINK_RAW_IP, "RAW"},
        {108, LINK_LOOPBACK_BIG, "LOOP"},
        {113, LINK_COOKED_V1, "LINUX_SLL"},
        {228, LINK_IPV4, "IPV4"},
        {229, LINK_IPV6, "IPV6"},
        {276, LINK_COOKED_V2, "LINUX_SLL2"},
    };
    uint32_t magic = load_wire32(header);

    plain->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    if (plain->swapped)
        magic = __builtin_bswap32(magic);
    if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
        return false;
    plain->unit = magic == 0xa1b2c3d4 ? 1000 : 1;

    uint32_t versions = field(plain, header + 4); /* two 16-bit numbers, major first */
    if (versions != (plain->swapped ? 0x00020004 : 0x00040002))
        return false;
    plain->snap = field(plain, header + 16);
    if (plain->snap == 0 || plain->snap > INT32_MAX)
        plain->snap = CAPTURE_PACKET_MAX;
    uint32_t number = field(plain, header + 20);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].number == number) {
            plain->capture.link = links[i].link;
            plain->capture.link_name = links[i].name;
            return true;
        }
    }
    return false;
}

int capture_plain_open(struct capture **out, const struct capture *common,
                       const uint8_t header[CAPTURE_PEEK], struct error *error)
{
    static const struct port_operations operations = {receive, capture_send, capture_release,
                                                      capture_flush};
    struct plain *plain = malloc(sizeof(*plain));

    if (!plain)
        return error_set(error, -ENOMEM, "no memory to read capture %s", common->path);
    memset(plain, 0, offsetof(struct plain, block));
    plain->capture = *common;
    plain->capture.port.operations = &operations;
    plain->capture.destroy = destroy;
    if (!understand(plain, header)) {
        free(plain);
        return -ENOTSUP;
    }
    *out = &plain->capture;
    return 0;
}
