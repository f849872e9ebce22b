// SPDX-License-Identifier: BSD-2-Clause
#include "link_tunnel.h"

/* Where the content of the link header's EtherType begins; type 0 where it has none. */
static struct tunnel link_content(const struct frame *frame)
{
    static const struct {
        uint8_t header, type;
    } places[] = {
        [LINK_ETHERNET] = {14, 12}, [LINK_COOKED_V1] = {16, 14}, [LINK_COOKED_V2] = {20, 0}};
    struct tunnel tunnel = {0};

    if (frame->link >= sizeof(places) / sizeof(places[0]) ||
        frame->length < places[frame->link].header ||
        frame->wire_length < places[frame->link].header)
        return tunnel;
    tunnel.offset = places[frame->link].header;
    tunnel.available = frame->wire_length - tunnel.offset;
    tunnel.type = load_be16(frame->data + places[frame->link].type);
    return tunnel;
}

/* What tells apart where frames were seen: the port's number, and the one that Linux had for it
 * where several are recorded as one. */
static uint64_t seen_on(const struct frame *frame)
{
    uint64_t identity = tunnel_identify(0, TUNNEL_INTERFACE, frame->interface);

    if (frame->link == LINK_COOKED_V2 && frame->length >= 8)
        identity = tunnel_identify(identity, TUNNEL_INTERFACE, tunnel_load32(frame->data + 4));
    return identity;
}

enum packet_kind link_open_tunnels(const struct frame *frame, const struct tunnel_options *options,
                                   enum packet_kind kind, struct packet *packet)
{
    const uint8_t *data = frame->data;
    const uint8_t *end = data + frame->length;
    struct tunnel tunnel = {0};
    struct packet outer;

    if (kind == PACKET_OTHER)
        *packet = (struct packet){0};
    if (kind == PACKET_OTHER || options->key & (TUNNEL_KEY_VLAN | TUNNEL_KEY_INTERFACE))
        tunnel = link_content(frame);
    if (options->key & TUNNEL_KEY_INTERFACE)
        tunnel.identity = seen_on(frame);
    if (!tunnel_begin(options->key, kind, data, end, packet, &tunnel))
        return kind;
    for (int level = 0; level < TUNNEL_LEVELS; level++) {
        if (!tunnel_may_open(options->kinds, packet, &tunnel) ||
            !tunnel_open(options, data, end, packet, &outer, &tunnel))
            break;
    }
    if (packet->version == 0)
        return kind;
    tunnel_mark(&tunnel, packet);
    return PACKET_IP;
}
