// SPDX-License-Identifier: BSD-2-Clause
/* Tunnels within an Ethernet frame. Input: 2 bytes by which the wire length exceeds the captured
 * one (little-endian), then the frame. */
#include <string.h>

#include "flow.h"
#include "fuzz.h"
#include "link_layer.h"
#include "link_tunnel.h"

static enum packet_kind parse(const uint8_t *bytes, size_t captured, uint32_t wire_length,
                              const struct tunnel_options *options, struct packet *packet)
{
    /* A block of its own for every call: a sanitizer sees the first byte read outside of it. */
    uint8_t *block = malloc(captured ? captured : 1);

    if (!block)
        abort();
    memcpy(block, bytes, captured);
    const struct frame frame = {.data = block,
                                .length = (uint32_t)captured,
                                .wire_length = wire_length,
                                .link = LINK_ETHERNET};
    enum packet_kind kind =
        options ? link_parse_tunnels(&frame, options, packet) : link_parse(&frame, packet);
    free(block);
    return kind;
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
    struct flow_key one, other;

    return flow_key_of(a, &one) == flow_key_of(b, &other) && flow_key_equal(&one, &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tunnel_options all = {TUNNELS_ALL, TUNNEL_KEY_TUNNEL | TUNNEL_KEY_VLAN};
    static const struct tunnel_options none = {0, TUNNEL_KEY_TUNNEL};
    static const struct tunnel_options untagged = {TUNNELS_ALL, TUNNEL_KEY_TUNNEL};
    struct packet plain, same, inner, deep;

    if (size < 2)
        return 0;
    size_t captured = size - 2;
    uint32_t wire = (uint32_t)captured + (uint32_t)(data[0] | data[1] << 8);
    enum packet_kind kind = parse(data + 2, captured, wire, NULL, &plain);

    MUST(parse(data + 2, captured, wire, &none, &same) == kind);
    if (kind == PACKET_IP)
        MUST(same_flow(&plain, &same) && plain.length == same.length && plain.seen == same.seen);
    enum packet_kind opened = parse(data + 2, captured, wire, &all, &inner);
    MUST(kind == PACKET_OTHER || opened == kind);
    MUST(opened != PACKET_MALFORMED || kind == PACKET_MALFORMED);
    if (opened == PACKET_IP) {
        MUST(inner.length <= wire && inner.seen <= captured);
        MUST(kind != PACKET_IP || inner.length <= plain.length);
    }
    /* The same packet where VXLAN has a short way, which VLANs as part of the key close. */
    MUST(parse(data + 2, captured, wire, &untagged, &deep) == opened);
    if (opened == PACKET_IP)
        MUST(inner.length == deep.length && inner.seen == deep.seen &&
             inner.behind == deep.behind && inner.protocol == deep.protocol);
    return 0;
}
