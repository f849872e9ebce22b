// SPDX-License-Identifier: BSD-2-Clause
#include "pcapng_blocks.h"

#include <string.h>

enum {
    SECTION = 0x0a0d0d0a,
    SECTION_ORDER = 0x1a2b3c4d,
    INTERFACE = 1,
    PACKET = 6,

    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_RESOLUTION = 9,
    NANOSECONDS = 9, /* 10^-9 */
};

struct block {
    uint8_t *at;
    size_t length;
};

static void add(struct block *block, const void *bytes, size_t size)
{
    static const uint8_t zeros[4];
    size_t padding = -size & 3;

    memcpy(block->at + block->length, bytes, size);
    memcpy(block->at + block->length + size, zeros, padding);
    block->length += size + padding;
}

static void add_32(struct block *block, uint32_t value)
{
    add(block, &value, sizeof(value));
}

static void add_16s(struct block *block, uint16_t first, uint16_t second)
{
    const uint16_t both[] = {first, second};

    add(block, both, sizeof(both));
}

static void add_option(struct block *block, uint16_t code, const void *value, size_t size)
{
    add_16s(block, code, (uint16_t)size);
    add(block, value, size);
}

static void add_text(struct block *block, uint16_t code, const char *text)
{
    if (text)
        add_option(block, code, text, strnlen(text, PCAPNG_TEXT_MAX));
}

static struct block begin(uint8_t *to, uint32_t type)
{
    struct block block = {.at = to};

    add_32(&block, type);
    add_32(&block, 0);
    return block;
}

static size_t end(struct block *block)
{
    add_16s(block, OPTION_END, 0);
    uint32_t length = (uint32_t)block->length + 4;
    memcpy(block->at + 4, &length, sizeof(length));
    add_32(block, length);
    return block->length;
}

size_t pcapng_section(uint8_t *to, const char *application)
{
    struct block block = begin(to, SECTION);

    add_32(&block, SECTION_ORDER);
    add_16s(&block, 1, 0); /* the format's version */
    add_32(&block, UINT32_MAX);
    add_32(&block, UINT32_MAX); /* the section's length isn't known */
    add_text(&block, SECTION_APPLICATION, application);
    return end(&block);
}

size_t pcapng_interface(uint8_t *to, uint16_t link_number, uint32_t snaplen, const char *name)
{
    static const uint8_t resolution = NANOSECONDS;
    struct block block = begin(to, INTERFACE);

    add_16s(&block, link_number, 0);
    add_32(&block, snaplen);
    add_text(&block, INTERFACE_NAME, name);
    add_option(&block, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
    return end(&block);
}

size_t pcapng_packet(uint8_t *to, const struct pcapng_packet *packet)
{
    struct block block = begin(to, PACKET);

    add_32(&block, packet->interface);
    add_32(&block, (uint32_t)(packet->time >> 32));
    add_32(&block, (uint32_t)packet->time);
    add_32(&block, packet->captured);
    add_32(&block, packet->wire_length);
    add(&block, packet->data, packet->captured);
    add_text(&block, OPTION_COMMENT, packet->comment);
    return end(&block);
}

size_t pcapng_block_length(const uint8_t *from)
{
    uint32_t length;

    memcpy(&length, from + 4, sizeof(length));
    return length;
}

int pcapng_block_is_packet(const uint8_t *from)
{
    uint32_t type;

    memcpy(&type, from, sizeof(type));
    return type == PACKET;
}
