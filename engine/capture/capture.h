// SPDX-License-Identifier: BSD-2-Clause
/* A capture file as a port: pcap and pcapng, of any link type, from a file or standard input.
 *
 * Its packets come with their own times and lengths. Nothing can be sent into a capture. A frame's
 * bytes are valid until it is released; a burst is released before the next is received. */
#ifndef AFXDP_CAPTURE_H
#define AFXDP_CAPTURE_H

#include "error.h"
#include "port.h"

struct capture;

/* Opens the file ("-": standard input). `*out` is untouched on failure; -errno of open and read,
 * -EINVAL for a file that isn't a capture, with one line that says so. */
int capture_open(struct capture **out, const char *path, struct error *error);

/* The port, owned by the capture. Its receive returns -ENODATA at the end of the file, and -EBADMSG
 * (or -errno of read) where the capture breaks off: what came before has been delivered. */
struct port *capture_port(struct capture *capture);

/* Why receive failed, one line; "" as long as it has not. */
const char *capture_fault(const struct capture *capture);

/* The file's link type, and its name for messages ("EN10MB", "PPP", ...). */
enum link_type capture_link(const struct capture *capture);
const char *capture_link_name(const struct capture *capture);

void capture_close(struct capture *capture); /* takes NULL */

#endif
