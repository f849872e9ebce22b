// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "capture_private.h"
#include "link_layer.h"

enum { RECORD_HEADER = 16 };

struct plain {
    struct capture capture;
    enum link_type link;
    bool swapped;  /* written on a machine of the other byte order */
    uint32_t unit; /* ns in one of the time's fractions */
    uint32_t snap; /* captured bytes of a packet beyond it are cut off, as libpcap does */
    struct capture_block block;
};

static uint32_t field(const struct plain *plain, const uint8_t *bytes)
{
    uint32_t value = load_wire32(bytes);

    return plain->swapped ? __builtin_bswap32(value) : value;
}

/* Hands out the packets that are in the block as a whole, up to one too large to be sane. */
static uint32_t take(struct plain *plain, struct frame *frames, uint32_t most)
{
    struct capture_block *block = &plain->block;
    uint32_t count = 0;

    while (count < most && block->end - block->at >= RECORD_HEADER) {
        uint8_t *record = block->bytes + block->at;
        uint32_t captured = field(plain, record + 8);
        uint32_t wire = field(plain, record + 12);

        if (captured > CAPTURE_PACKET_MAX || block->end - block->at - RECORD_HEADER < captured)
            break;
        uint32_t length = captured < plain->snap ? captured : plain->snap;
        frames[count++] = (struct frame){
            .data = record + RECORD_HEADER,
            .length = length,
            .wire_length = wire > length ? wire : length,
            .time = field(plain, record) * UINT64_C(1000000000) +
                    (uint64_t)field(plain, record + 4) * plain->unit,
            .link = plain->link,
        };
        block->at += RECORD_HEADER + captured;
    }
    plain->capture.packets += count;
    return count;
}

/* The next packet can't be handed out yet: why, if it never will be. */
static int check(struct plain *plain)
{
    const struct capture_block *block = &plain->block;
    size_t left = block->end - block->at;
    uint32_t captured = left >= RECORD_HEADER ? field(plain, block->bytes + block->at + 8) : 0;

    if (captured > CAPTURE_PACKET_MAX)
        return capture_too_large(&plain->capture, captured);
    if (!block->exhausted)
        return 0;
    if (left == 0)
        return capture_finish(&plain->capture);
    return error_set(&plain->capture.fault, -EBADMSG,
                     "capture %s breaks off: the file ends in the middle of packet %" PRIu64
                     " (truncated)",
                     plain->capture.path, plain->capture.packets);
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct plain *plain = (struct plain *)port;
    uint32_t count;

    while ((count = take(plain, frames, most)) == 0 && !plain->capture.ended) {
        plain->capture.ended = check(plain);
        if (!plain->capture.ended)
            plain->capture.ended = capture_block_refill(&plain->block, &plain->capture);
    }
    return count > 0 ? (int)count : plain->capture.ended;
}

static void destroy(struct capture *capture)
{
    free(capture);
}

/* https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-02.html. */
static int understand(struct plain *plain, const uint8_t header[CAPTURE_PEEK], struct error *error)
{
    enum { LINK_NUMBER = 0x03ffffff }; /* the bits above tell of checksums at the frames' ends */
    uint32_t magic = load_wire32(header);

    plain->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    if (plain->swapped)
        magic = __builtin_bswap32(magic);
    if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
        return -ENOTSUP;
    plain->unit = magic == 0xa1b2c3d4 ? 1000 : 1;

    uint32_t versions = field(plain, header + 4); /* two 16-bit numbers, major first */
    if (versions != (plain->swapped ? 0x00020004 : 0x00040002))
        return -ENOTSUP;
    plain->snap = field(plain, header + 16);
    if (plain->snap == 0 || plain->snap > INT32_MAX)
        plain->snap = CAPTURE_PACKET_MAX;
    uint32_t number = field(plain, header + 20) & LINK_NUMBER;
    plain->link = link_of_number(number);
    if (plain->link == LINK_UNKNOWN)
        return capture_refuse_link(plain->capture.path, number, error);
    return 0;
}

int capture_plain_open(struct capture **out, const struct capture *common,
                       const uint8_t header[CAPTURE_PEEK], struct error *error)
{
    static const struct port_operations operations = {receive, capture_send, capture_release,
                                                      capture_flush};
    struct plain *plain = malloc(sizeof(*plain));

    if (!plain)
        return error_set(error, -ENOMEM, "no memory to read capture %s", common->path);
    memset(plain, 0, offsetof(struct plain, block.bytes));
    plain->capture = *common;
    plain->capture.port.operations = &operations;
    plain->capture.destroy = destroy;
    int err = understand(plain, header, error);
    if (err) {
        free(plain);
        return err;
    }
    *out = &plain->capture;
    return 0;
}
