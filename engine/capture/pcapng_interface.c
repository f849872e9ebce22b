// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "bytes.h"
#include "link_layer.h"
#include "pcapng_private.h"

enum {
    OPTION_END = 0,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,

    RESOLUTION_BINARY = 0x80,
    RESOLUTION_DEFAULT = 6, /* µs */
};

static uint32_t load16(const uint8_t *bytes, bool swapped)
{
    uint16_t value;

    memcpy(&value, bytes, sizeof(value));
    return swapped ? __builtin_bswap16(value) : value;
}

static void set_resolution(struct pcapng_interface *interface, uint8_t resolution)
{
    uint32_t exponent = resolution & 0x7f;

    interface->shift = 0;
    interface->divide = 1;
    interface->multiply = 1000000000;
    if (resolution & RESOLUTION_BINARY) {
        interface->shift = (uint8_t)exponent;
        return;
    }
    for (; exponent > 0 && interface->multiply > 1; exponent--)
        interface->multiply /= 10;
    for (; exponent > 0; exponent--)
        interface->divide = interface->divide > UINT64_MAX / 10 ? 0 : interface->divide * 10;
}

struct pcapng_interface pcapng_interface_parse(const uint8_t *body, size_t size, bool swapped)
{
    struct pcapng_interface interface = {.number = load16(body, swapped)};
    uint32_t snap = load_wire32(body + 4);

    interface.link = link_of_number(interface.number);
    interface.snap = swapped ? __builtin_bswap32(snap) : snap;
    set_resolution(&interface, RESOLUTION_DEFAULT);
    for (size_t at = 8; at + 4 <= size;) {
        uint32_t code = load16(body + at, swapped);
        uint32_t length = load16(body + at + 2, swapped);
        const uint8_t *value = body + at + 4;

        if (code == OPTION_END || length > size - at - 4)
            break;
        if (code == OPTION_RESOLUTION && length == 1)
            set_resolution(&interface, value[0]);
        if (code == OPTION_OFFSET && length == 8) {
            uint64_t offset = load_wire64(value);
            interface.offset = (int64_t)(swapped ? __builtin_bswap64(offset) : offset);
        }
        at += 4 + ((length + 3) & ~3u);
    }
    return interface;
}

uint64_t pcapng_interface_time(const struct pcapng_interface *interface, uint64_t ticks)
{
    unsigned __int128 since = (unsigned __int128)ticks * interface->multiply >> interface->shift;

    if (interface->divide != 1)
        since = interface->divide ? since / interface->divide : 0;
    __int128 time = (__int128)since + (__int128)interface->offset * 1000000000;
    if (time > INT64_MAX)
        return INT64_MAX;
    return (uint64_t)(time < INT64_MIN ? INT64_MIN : (int64_t)time);
}
