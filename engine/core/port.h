// SPDX-License-Identifier: BSD-2-Clause
/* A port: where frames come from and go to. A capture file is one (engine/capture/capture.h), an
 * AF_XDP socket another (xsk/). The pipeline knows no more of either than this.
 *
 * A port belongs to one thread. Every frame has one owner at any time: receive hands it to the
 * caller, who gives it away again by exactly one of send and release. */
#ifndef AFXDP_PORT_H
#define AFXDP_PORT_H

#include <stdint.h>

enum {
    BURST_MAX = 64, /* frames handled together */
};

/* What stands before the network layer. */
enum link_type {
    LINK_ETHERNET,
    LINK_COOKED_V1,    /* Linux "any" captures, DLT_LINUX_SLL */
    LINK_COOKED_V2,    /* DLT_LINUX_SLL2 */
    LINK_RAW_IP,       /* version taken from the first nibble */
    LINK_IPV4,         /* nothing before the packet, and the recorder says that it is IPv4 */
    LINK_IPV6,         /* likewise IPv6 */
    LINK_LOOPBACK,     /* DLT_NULL: address family in the recorder's byte order */
    LINK_LOOPBACK_BIG, /* DLT_LOOP: address family in big endian */
    LINK_PPP,          /* with or without HDLC's address, full or compressed; Cisco's HDLC too */
    LINK_PPP_DIRECTED, /* a byte that tells the direction, then PPP */
    LINK_PPP_ETHER,    /* PPPoE's header, then PPP */
    LINK_CISCO_HDLC,
    LINK_FRAME_RELAY,
    LINK_LLC,        /* RFC 1483: an LLC header comes first */
    LINK_TOKEN_RING, /* these two: LLC behind the addresses */
    LINK_FDDI,
    LINK_FIREWIRE, /* IP over IEEE 1394 */
    LINK_WIFI,     /* 802.11, bare or behind one of three headers about its reception */
    LINK_RADIOTAP,
    LINK_PRISM,
    LINK_AVS,
    LINK_NFLOG,   /* Linux netfilter's */
    LINK_PFLOG,   /* OpenBSD's packet filter's */
    LINK_ENC,     /* BSD's IPsec interface */
    LINK_PPI,     /* these two name the link type of the frame that follows */
    LINK_PKTAP,   /* Darwin's */
    LINK_UNKNOWN, /* every packet is `other` */
    LINK_TYPES,
};

struct frame {
    uint8_t *data;        /* first contiguous bytes, headers included */
    uint32_t length;      /* bytes at data */
    uint32_t wire_length; /* bytes of the frame on the wire, all buffers of it together */
    uint64_t time;        /* arrival, ns, on the run's one clock */
    uint64_t handle;      /* the port's own name for the frame, e.g. its UMEM address */
    uint16_t buffers;     /* further buffers that belong to the frame, the port's own business */
    uint16_t interface;   /* that it was seen on, of several that the port knows */
    enum link_type link;
};

struct port;

struct port_operations {
    /* Takes up to `most` (at most BURST_MAX) frames. Returns how many, 0 when there are none now,
     * -ENODATA when there will be none any more, another -errno when the port failed. */
    int (*receive)(struct port *port, struct frame *frames, uint32_t most);

    /* Sends the frames out of this port, in order. Returns how many it took over, from the first
     * on; the rest stay the caller's. Never blocks. */
    uint32_t (*send)(struct port *port, const struct frame *frames, uint32_t count);

    /* Gives received frames back unsent. */
    void (*release)(struct port *port, const struct frame *frames, uint32_t count);

    /* Makes everything sent and released so far visible to the other side; once per burst. */
    void (*flush)(struct port *port);
};

/* Embedded as the first member of every kind of port. */
struct port {
    const struct port_operations *operations;
};

#endif
