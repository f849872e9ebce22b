// SPDX-License-Identifier: BSD-2-Clause
/* 802.11 and the headers that drivers put before it. Frames whose content is encrypted, in pieces
 * or several packets at once (A-MSDU) are no IP to us. */
#include <stddef.h>

#include "link_private.h"

enum {
    WIFI_HEADER = 24,
    WIFI_ADDRESS_4 = 6,
    WIFI_QOS = 2,
    WIFI_HT_CONTROL = 4,

    /* first byte of frame control */
    WIFI_VERSION_TYPE = 0x0f,
    WIFI_DATA = 0x08,
    WIFI_NO_DATA = 0x40,
    WIFI_HAS_QOS = 0x80,
    /* second */
    WIFI_BOTH_SYSTEMS = 0x03,
    WIFI_MORE_FRAGMENTS = 0x04,
    WIFI_PROTECTED = 0x40,
    WIFI_ORDER = 0x80,

    WIFI_QOS_AMSDU = 0x80,
};

enum packet_kind link_parse_wifi(struct link_view view, bool padded, struct packet *packet)
{
    uint32_t header = WIFI_HEADER;

    if (!link_view_has(&view, WIFI_HEADER))
        return PACKET_OTHER;
    uint8_t kind = view.at[0];
    uint8_t flags = view.at[1];
    if ((kind & WIFI_VERSION_TYPE) != WIFI_DATA || kind & WIFI_NO_DATA ||
        flags & (WIFI_MORE_FRAGMENTS | WIFI_PROTECTED) || view.at[22] & 15)
        return PACKET_OTHER;
    if ((flags & WIFI_BOTH_SYSTEMS) == WIFI_BOTH_SYSTEMS)
        header += WIFI_ADDRESS_4;
    if (kind & WIFI_HAS_QOS) {
        if (!link_view_has(&view, header + WIFI_QOS) || view.at[header] & WIFI_QOS_AMSDU)
            return PACKET_OTHER;
        header += WIFI_QOS;
        if (flags & WIFI_ORDER)
            header += WIFI_HT_CONTROL;
    }
    if (padded)
        header = (header + 3) & ~3u;
    return link_view_skip(&view, header) ? link_parse_llc(view, packet) : PACKET_OTHER;
}

enum {
    RADIOTAP_HEADER = 8,
    RADIOTAP_TIME = 1 << 0, /* 8 bytes, aligned so */
    RADIOTAP_FLAGS = 1 << 1,
    RADIOTAP_FLAG_PADDED = 0x20,
};

/* https://www.radiotap.org: words that tell which fields follow, the last without its top bit. */
static uint8_t radiotap_flags(const uint8_t *header, uint32_t length)
{
    uint32_t present = load_le32(header + 4);
    uint32_t at = RADIOTAP_HEADER;

    while (at + 4 <= length && load_le32(header + at - 4) >> 31)
        at += 4;
    if (!(present & RADIOTAP_FLAGS))
        return 0;
    if (present & RADIOTAP_TIME)
        at = ((at + 7) & ~7u) + 8;
    return at < length ? header[at] : 0;
}

enum packet_kind link_parse_radiotap(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, RADIOTAP_HEADER) || view.at[0] != 0)
        return PACKET_OTHER;
    uint32_t length = load_le16(view.at + 2);
    if (length < RADIOTAP_HEADER || !link_view_has(&view, length))
        return PACKET_OTHER;
    bool padded = radiotap_flags(view.at, length) & RADIOTAP_FLAG_PADDED;
    link_view_skip(&view, length);
    return link_parse_wifi(view, padded, packet);
}

enum {
    PRISM_HEADER = 8, /* the least that tells its length */
    AVS_MAGIC = 0x80211000,
    AVS_MAGIC_MASK = 0xfffff000,
};

enum packet_kind link_parse_avs(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, PRISM_HEADER) || (load_be32(view.at) & AVS_MAGIC_MASK) != AVS_MAGIC)
        return PACKET_OTHER;
    return link_view_skip(&view, load_be32(view.at + 4)) ? link_parse_wifi(view, false, packet)
                                                         : PACKET_OTHER;
}

/* Files of this type may hold AVS headers as well; its own length has the recorder's byte order. */
enum packet_kind link_parse_prism(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, PRISM_HEADER))
        return PACKET_OTHER;
    if ((load_be32(view.at) & AVS_MAGIC_MASK) == AVS_MAGIC)
        return link_parse_avs(view, packet);
    uint32_t big = load_be32(view.at + 4);
    uint32_t little = load_le32(view.at + 4);
    return link_view_skip(&view, big < little ? big : little) ? link_parse_wifi(view, false, packet)
                                                              : PACKET_OTHER;
}
