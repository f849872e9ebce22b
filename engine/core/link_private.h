// SPDX-License-Identifier: BSD-2-Clause
/* What is left of a frame while its link headers are taken off. Private to link_*.c. */
#ifndef AFXDP_LINK_PRIVATE_H
#define AFXDP_LINK_PRIVATE_H

#include "packet.h"

struct link_view {
    const uint8_t *at; /* at most `end` */
    const uint8_t *end;
    uint32_t left; /* bytes on the wire from `at` on */
};

ALWAYS_INLINE bool link_view_has(const struct link_view *view, uint32_t size)
{
    return (size_t)(view->end - view->at) >= size && view->left >= size;
}

/* Goes behind `size` bytes; false where they aren't all there. */
ALWAYS_INLINE bool link_view_skip(struct link_view *view, uint32_t size)
{
    if (!link_view_has(view, size))
        return false;
    view->at += size;
    view->left -= size;
    return true;
}

/* Nothing behind `size` bytes counts as on the wire any more; it stays among the captured ones, as
 * padding does. */
ALWAYS_INLINE void link_view_limit(struct link_view *view, uint32_t size)
{
    if (size < view->left)
        view->left = size;
}

ALWAYS_INLINE uint32_t load_le16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

ALWAYS_INLINE uint32_t load_le32(const uint8_t *p)
{
    return load_le16(p) | load_le16(p + 2) << 16;
}

ALWAYS_INLINE uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

ALWAYS_INLINE enum packet_kind link_view_parse(const struct link_view *view, uint16_t ethertype,
                                               struct packet *packet)
{
    return packet_parse_network(ethertype, view->at, view->end, view->left, packet);
}

/* `view` is at an LLC header: SNAP, IP or ISO NLPID. */
enum packet_kind link_parse_llc(struct link_view view, struct packet *packet);

/* `view` is at an 802.11 header; `padded`: what follows it begins at a multiple of four bytes. */
enum packet_kind link_parse_wifi(struct link_view view, bool padded, struct packet *packet);

/* `view` is at the header about the reception of an 802.11 frame. */
enum packet_kind link_parse_radiotap(struct link_view view, struct packet *packet);
enum packet_kind link_parse_prism(struct link_view view, struct packet *packet);
enum packet_kind link_parse_avs(struct link_view view, struct packet *packet);

#endif
