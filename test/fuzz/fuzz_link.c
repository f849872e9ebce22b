// SPDX-License-Identifier: BSD-2-Clause
/* Every link type that a capture may have. Input: link type, 2 bytes by which the wire length
 * exceeds the captured one (little-endian), then the frame. */
#include <string.h>

#include "fuzz.h"
#include "link_layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t captured = size - 3;
    uint32_t wire_length = (uint32_t)captured + (uint32_t)(data[1] | data[2] << 8);
    uint8_t *block = malloc(captured ? captured : 1); /* read outside of it, and ASan says so */
    if (!block)
        abort();
    memcpy(block, data + 3, captured);

    struct frame frame = {
        .data = block,
        .length = (uint32_t)captured,
        .wire_length = wire_length,
        .link = (enum link_type)(data[0] % (LINK_UNKNOWN + 1)),
    };
    struct packet packet;
    enum packet_kind kind = link_parse(&frame, &packet);

    MUST(kind == PACKET_IP || kind == PACKET_OTHER || kind == PACKET_MALFORMED);
    MUST(frame.link != LINK_UNKNOWN || kind == PACKET_OTHER);
    if (kind == PACKET_IP) {
        MUST(packet.version == 4 || packet.version == 6);
        MUST(frame.link != LINK_IPV4 || packet.version == 4);
        MUST(frame.link != LINK_IPV6 || packet.version == 6);
        MUST(packet.length <= wire_length);
    }
    free(block);
    return 0;
}
