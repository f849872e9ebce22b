// SPDX-License-Identifier: BSD-2-Clause
/* What the readers of capture files share. Private to this folder. */
#ifndef AFXDP_CAPTURE_PRIVATE_H
#define AFXDP_CAPTURE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "byte_stream.h"
#include "capture.h"

enum {
    CAPTURE_PEEK = 24,              /* bytes of a file header that tell who reads the file */
    CAPTURE_PACKET_MAX = 256 << 10, /* captured bytes of one packet, the same limit as libpcap's */
    CAPTURE_BLOCK = 512 << 10,      /* see below */
};

/* Embedded as the first member of every reader. */
struct capture {
    struct port port;
    const char *path; /* the caller's */
    struct byte_stream *stream;
    int ended; /* what receive returns from now on, 0 while there is more */
    struct error fault;
    uint64_t packets; /* handed out */
    struct capture_unread unread[CAPTURE_UNREAD_MAX];
    uint32_t unread_kinds;
    uint64_t unread_packets;
    /* NULL: as the stream tells it */
    void (*progress)(const struct capture *capture, uint64_t *done, uint64_t *size);
    void (*destroy)(struct capture *capture); /* frees the reader, but doesn't close the stream */
};

/* What is read of the file and isn't handed out yet: bytes[at..end). Well more than the largest
 * packet, and little enough to stay in a core's second-level cache; frames lie where they were
 * read. */
struct capture_block {
    size_t at;
    size_t end;
    bool exhausted; /* the file has no more behind bytes[end] */
    uint8_t bytes[CAPTURE_BLOCK];
};

/* Moves what is left to the front and reads on: 0, or -errno with the capture's fault. */
int capture_block_refill(struct capture_block *block, struct capture *capture);

/* Nothing can be sent into a capture, and what it hands out needs no giving back. */
uint32_t capture_send(struct port *port, const struct frame *frames, uint32_t count);
void capture_release(struct port *port, const struct frame *frames, uint32_t count);
void capture_flush(struct port *port);

/* -EBADMSG; the fault says that packet `capture->packets` claims too many bytes. */
int capture_too_large(struct capture *capture, uint32_t captured);

/* Counts packets of a link type that can't be read, by its number in capture files. */
void capture_add_unread(struct capture *capture, uint32_t number, uint64_t packets);

/* The end of the file: -ENODATA, or -EINVAL with a fault where there were packets and none could be
 * read. */
int capture_finish(struct capture *capture);

/* -EINVAL: no packet of the file can be read because of its one link type. */
int capture_refuse_link(const char *path, uint32_t number, struct error *error);

/* The plain reader takes pcap files of version 2.4, in either byte order, with microseconds or
 * nanoseconds; their first bytes are in `header`. -ENOTSUP for any other file. It reads a block of
 * packets at a time and hands them out where they lie. */
int capture_plain_open(struct capture **out, const struct capture *common,
                       const uint8_t header[CAPTURE_PEEK], struct error *error);

/* The same for pcapng. */
int capture_pcapng_open(struct capture **out, const struct capture *common,
                        const uint8_t header[CAPTURE_PEEK], struct error *error);

/* libpcap reads old and odd pcap files. `peeked` bytes of `header` were read off the stream. */
int capture_foreign_open(struct capture **out, const struct capture *common,
                         const uint8_t header[CAPTURE_PEEK], size_t peeked, struct error *error);

#endif
