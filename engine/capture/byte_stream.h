// SPDX-License-Identifier: BSD-2-Clause
/* The bytes of a file or of standard input, unpacked where they are packed: gzip, zstd and lz4,
 * told by their first bytes. Several packed pieces one behind the other are one stream. Memory is
 * bounded whatever the file says: zstd's windows to 128 MiB, as its own tool does. */
#ifndef AFXDP_BYTE_STREAM_H
#define AFXDP_BYTE_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct byte_stream;

/* "-": standard input, which isn't closed at the end. `path` stays the caller's. -errno of open and
 * read, -EINVAL for a form of compression that isn't read, -ENOMEM. */
int byte_stream_open(struct byte_stream **out, const char *path, struct error *error);

/* Up to `size` bytes; 0 at the end. -errno of read, -EBADMSG where what is packed is damaged or
 * ends early, with the reason (the path isn't in it). */
ssize_t byte_stream_read(struct byte_stream *stream, void *to, size_t size, struct error *error);

/* How far the file has been read, and its size; 0 and 0 where that means nothing (a pipe). */
void byte_stream_progress(const struct byte_stream *stream, uint64_t *done, uint64_t *size);

void byte_stream_close(struct byte_stream *stream); /* takes NULL */

#endif
