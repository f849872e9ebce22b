// SPDX-License-Identifier: BSD-2-Clause
/* What the two readers of capture files share. Private to this folder. */
#ifndef AFXDP_CAPTURE_PRIVATE_H
#define AFXDP_CAPTURE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "capture.h"

enum {
    CAPTURE_PEEK = 24,              /* bytes of a file header that tell who reads the file */
    CAPTURE_PACKET_MAX = 256 << 10, /* captured bytes of one packet, the same limit as libpcap's */
};

/* Embedded as the first member of either reader. */
struct capture {
    struct port port;
    const char *path; /* the caller's */
    int fd;
    bool owns_fd; /* not standard input */
    enum link_type link;
    const char *link_name;
    int ended; /* what receive returns from now on, 0 while there is more */
    struct error fault;
    void (*destroy)(struct capture *capture); /* frees the reader, but doesn't close fd */
};

/* Nothing can be sent into a capture, and what it hands out needs no giving back. */
uint32_t capture_send(struct port *port, const struct frame *frames, uint32_t count);
void capture_release(struct port *port, const struct frame *frames, uint32_t count);
void capture_flush(struct port *port);

/* The plain reader takes pcap files of version 2.4 whose link type is supported, in either byte
 * order, with microseconds or nanoseconds; their first bytes are in `header`. -ENOTSUP for any
 * other file. It reads a block of packets at a time and hands them out where they lie. */
int capture_plain_open(struct capture **out, const struct capture *common,
                       const uint8_t header[CAPTURE_PEEK], struct error *error);

/* libpcap reads all others: pcapng, old and odd pcap files. `peeked` bytes of `header` were read
 * off `fd` already. */
int capture_foreign_open(struct capture **out, const struct capture *common,
                         const uint8_t header[CAPTURE_PEEK], size_t peeked, struct error *error);

#endif
