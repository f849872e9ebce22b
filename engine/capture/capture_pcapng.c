// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "capture_private.h"
#include "pcapng_private.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,

    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    BLOCK_HEAD = 8,   /* type and length */
    BLOCK_LEAST = 12, /* with the length that stands at its end again */
    BLOCK_MOST = 16 << 20,
    INTERFACES_MAX = 1 << 16, /* of a section */
};

struct pcapng {
    struct capture capture;
    bool swapped; /* this section was written on a machine of the other byte order */
    struct pcapng_interface *interfaces;
    uint32_t interface_count;
    uint32_t interface_room;
    uint64_t time;   /* of the packet before, which one without a time arrives with */
    uint32_t skip;   /* bytes to go of a block that says nothing to us */
    uint32_t length; /* of that block, as its end must repeat it; 0: we are at a block's start */
    struct capture_block block;
};

static uint32_t field(const struct pcapng *ng, const uint8_t *bytes)
{
    uint32_t value = load_wire32(bytes);

    return ng->swapped ? __builtin_bswap32(value) : value;
}

static uint32_t field16(const struct pcapng *ng, const uint8_t *bytes)
{
    uint32_t value = load_be16(bytes);

    /* This machine and the project's others are little-endian. */
    return ng->swapped ? value : __builtin_bswap16((uint16_t)value);
}

static int damaged(struct pcapng *ng, const char *what)
{
    return error_set(&ng->capture.fault, -EBADMSG,
                     "capture %s breaks off behind %" PRIu64 " packets: %s (truncated or damaged)",
                     ng->capture.path, ng->capture.packets, what);
}

/* A section begins: what was said of interfaces holds no longer. */
static int begin_section(struct pcapng *ng, const uint8_t *body, size_t size)
{
    if (size < 16)
        return damaged(ng, "a section's header is too short");
    if (field16(ng, body + 4) != 1)
        return error_set(&ng->capture.fault, -EBADMSG,
                         "capture %s has a section of pcapng version %u, only 1 is known",
                         ng->capture.path, field16(ng, body + 4));
    ng->interface_count = 0;
    return 0;
}

static int add_interface(struct pcapng *ng, const uint8_t *body, size_t size)
{
    if (size < 8)
        return damaged(ng, "an interface's description is too short");
    if (ng->interface_count == INTERFACES_MAX)
        return damaged(ng, "a section describes more than 65536 interfaces");
    if (ng->interface_count == ng->interface_room) {
        uint32_t room = ng->interface_room ? ng->interface_room * 2 : 8;
        void *grown = reallocarray(ng->interfaces, room, sizeof(*ng->interfaces));

        if (!grown)
            return error_set(&ng->capture.fault, -ENOMEM, "no memory to read capture %s",
                             ng->capture.path);
        ng->interfaces = grown;
        ng->interface_room = room;
    }
    ng->interfaces[ng->interface_count++] = pcapng_interface_parse(body, size, ng->swapped);
    return 0;
}

/* Where a packet block has what. */
struct packet_form {
    uint32_t head; /* bytes before the packet */
    uint32_t time; /* at; 0: it has none */
    uint32_t captured, wire;
};

static const struct packet_form packet_forms[] = {
    [BLOCK_OLD_PACKET] = {20, 4, 12, 16},
    [BLOCK_SIMPLE_PACKET] = {4, 0, 0, 0},
    [BLOCK_PACKET] = {20, 4, 12, 16},
};

static int take_packet(struct pcapng *ng, uint32_t type, uint8_t *body, size_t size,
                       struct frame *frame)
{
    const struct packet_form *form = &packet_forms[type];
    uint32_t number = 0;

    if (size < form->head)
        return damaged(ng, "a packet's block is too short");
    if (type == BLOCK_PACKET)
        number = field(ng, body);
    if (type == BLOCK_OLD_PACKET)
        number = field16(ng, body);
    if (number >= ng->interface_count)
        return damaged(ng, "a packet is of an interface that isn't described");
    const struct pcapng_interface *interface = &ng->interfaces[number];
    uint32_t wire = field(ng, body + form->wire);
    uint32_t captured = field(ng, body + form->captured);
    if (type == BLOCK_SIMPLE_PACKET && interface->snap && captured > interface->snap)
        captured = interface->snap;
    if (captured > CAPTURE_PACKET_MAX)
        return capture_too_large(&ng->capture, captured);
    if (captured > size - form->head)
        return damaged(ng, "a packet is longer than its block");
    if (form->time)
        ng->time = pcapng_interface_time(interface, (uint64_t)field(ng, body + form->time) << 32 |
                                                        field(ng, body + form->time + 4));
    *frame = (struct frame){
        .data = body + form->head,
        .length = captured,
        .wire_length = wire > captured ? wire : captured,
        .time = ng->time,
        .interface = (uint16_t)number,
        .link = interface->link,
    };
    ng->capture.packets++;
    if (interface->link == LINK_UNKNOWN)
        capture_add_unread(&ng->capture, interface->number, 1);
    return 1;
}

/* Goes on through a block that isn't kept; 1 at its end, 0 where more must be read. */
static int skip(struct pcapng *ng)
{
    struct capture_block *block = &ng->block;
    size_t left = block->end - block->at;
    size_t take = ng->skip < left ? ng->skip : left;

    block->at += take;
    ng->skip -= (uint32_t)take;
    if (ng->skip > 0 || block->end - block->at < 4)
        return 0;
    if (field(ng, block->bytes + block->at) != ng->length)
        return damaged(ng, "a block's two lengths differ");
    block->at += 4;
    ng->length = 0;
    return 1;
}

static bool is_kept(uint32_t type)
{
    return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_OLD_PACKET ||
           type == BLOCK_SIMPLE_PACKET || type == BLOCK_PACKET;
}

/* Takes the block that lies in front: 2 where it gave a packet, 1 where it didn't, 0 where more of
 * it must be read first, -errno. */
static int take_block(struct pcapng *ng, struct frame *frame)
{
    struct capture_block *block = &ng->block;
    size_t left = block->end - block->at;
    uint8_t *at = block->bytes + block->at;
    int status = 0;

    if (ng->length)
        return skip(ng);
    if (left < BLOCK_LEAST)
        return 0;
    uint32_t type = field(ng, at);
    if (type == BLOCK_SECTION) { /* the same in either byte order */
        ng->swapped = false;
        ng->swapped = field(ng, at + BLOCK_HEAD) != BYTE_ORDER_MAGIC;
        if (field(ng, at + BLOCK_HEAD) != BYTE_ORDER_MAGIC)
            return damaged(ng, "a section's byte order makes no sense");
    }
    uint32_t size = field(ng, at + 4);
    bool kept = is_kept(type);
    if (size < BLOCK_LEAST || size % 4 || size > (kept ? CAPTURE_BLOCK : BLOCK_MOST))
        return damaged(ng, "a block's length makes no sense");
    if (!kept) {
        ng->length = size;
        ng->skip = size - 4;
        return skip(ng);
    }
    if (left < size)
        return 0;
    if (field(ng, at + size - 4) != size)
        return damaged(ng, "a block's two lengths differ");
    if (type == BLOCK_SECTION)
        status = begin_section(ng, at + BLOCK_HEAD, size - BLOCK_LEAST);
    else if (type == BLOCK_INTERFACE)
        status = add_interface(ng, at + BLOCK_HEAD, size - BLOCK_LEAST);
    else
        status = take_packet(ng, type, at + BLOCK_HEAD, size - BLOCK_LEAST, frame);
    if (status >= 0)
        block->at += size;
    return status < 0 ? status : status + 1;
}

/* Hands out the packets that are in the block as a whole. */
static uint32_t take(struct pcapng *ng, struct frame *frames, uint32_t most)
{
    uint32_t count = 0;
    int status = 1;

    while (count < most && !ng->capture.ended && status > 0) {
        status = take_block(ng, &frames[count]);
        if (status < 0)
            ng->capture.ended = status;
        count += status == 2;
    }
    return count;
}

static int check(struct pcapng *ng)
{
    if (!ng->block.exhausted)
        return 0;
    if (ng->block.at == ng->block.end && !ng->length)
        return capture_finish(&ng->capture);
    return damaged(ng, "the file ends in the middle of a block");
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct pcapng *ng = (struct pcapng *)port;
    uint32_t count;

    while ((count = take(ng, frames, most)) == 0 && !ng->capture.ended) {
        ng->capture.ended = check(ng);
        if (!ng->capture.ended)
            ng->capture.ended = capture_block_refill(&ng->block, &ng->capture);
    }
    return count > 0 ? (int)count : ng->capture.ended;
}

static void destroy(struct capture *capture)
{
    free(((struct pcapng *)capture)->interfaces);
    free(capture);
}

int capture_pcapng_open(struct capture **out, const struct capture *common,
                        const uint8_t header[CAPTURE_PEEK], struct error *error)
{
    static const struct port_operations operations = {receive, capture_send, capture_release,
                                                      capture_flush};
    uint32_t order = load_wire32(header + BLOCK_HEAD);

    if (load_wire32(header) != BLOCK_SECTION ||
        (order != BYTE_ORDER_MAGIC && __builtin_bswap32(order) != BYTE_ORDER_MAGIC))
        return -ENOTSUP;
    struct pcapng *ng = malloc(sizeof(*ng));
    if (!ng)
        return error_set(error, -ENOMEM, "no memory to read capture %s", common->path);
    memset(ng, 0, offsetof(struct pcapng, block.bytes));
    ng->capture = *common;
    ng->capture.port.operations = &operations;
    ng->capture.destroy = destroy;
    memcpy(ng->block.bytes, header, CAPTURE_PEEK);
    ng->block.end = CAPTURE_PEEK;
    *out = &ng->capture;
    return 0;
}
