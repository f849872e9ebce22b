// SPDX-License-Identifier: BSD-2-Clause
/* A capture file as a port: pcap and pcapng, packed or not, from a file or standard input.
 *
 * Its packets come with their own times (ns since 1970, earlier ones as negative numbers modulo
 * 2^64), lengths and link types; docs/captures.md lists what is read. Nothing can be sent into a
 * capture. A frame's bytes are valid until it is released; a burst is released before the next is
 * received. */
#ifndef AFXDP_CAPTURE_H
#define AFXDP_CAPTURE_H

#include "error.h"
#include "port.h"

enum { CAPTURE_UNREAD_MAX = 16, CAPTURE_LINK_NAME_MAX = 48 };

struct capture;

/* Packets whose link type can't be read: they are handed out as LINK_UNKNOWN. */
struct capture_unread {
    uint32_t number; /* of the link type; the last of CAPTURE_UNREAD_MAX counts all further ones */
    uint64_t packets;
};

/* Opens the file ("-": standard input). `*out` is untouched on failure; -errno of open and read,
 * -EINVAL for a file that isn't a capture or whose link type can't be read, with one line that says
 * so. */
int capture_open(struct capture **out, const char *path, struct error *error);

/* Several files as one, their packets in the order of their times, each file's own order kept. A
 * file that breaks off is told at the end, once the others have been delivered. The paths stay the
 * caller's. As capture_open. */
int capture_series_open(struct capture **out, char *const *paths, uint32_t count,
                        struct error *error);

/* The port, owned by the capture. Its receive returns -ENODATA at the end of the file, -EBADMSG
 * (or -errno of read) where the capture breaks off, and -EINVAL at the end of one of which no
 * packet could be read: what came before has been delivered. */
struct port *capture_port(struct capture *capture);

/* Why receive failed, one line; "" as long as it has not. */
const char *capture_fault(const struct capture *capture);

/* The link types of packets that couldn't be read so far; returns how many. */
uint32_t capture_unread(const struct capture *capture, const struct capture_unread **unread);

/* "USB_LINUX", or "LINKTYPE_4711" where it has no name. */
const char *capture_link_name(uint32_t number, char name[CAPTURE_LINK_NAME_MAX]);

/* How far the file has been read, in bytes, and its size; 0 and 0 for a pipe. */
void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size);

void capture_close(struct capture *capture); /* takes NULL */

#endif
