// SPDX-License-Identifier: BSD-2-Clause
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "capture_private.h"

uint32_t capture_send(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
    return 0;
}

void capture_release(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
}

void capture_flush(struct port *port)
{
    (void)port;
}

int capture_block_refill(struct capture_block *block, struct capture *capture)
{
    size_t left = block->end - block->at;
    struct error why;

    memmove(block->bytes, block->bytes + block->at, left);
    block->at = 0;
    block->end = left;
    ssize_t got =
        byte_stream_read(capture->stream, block->bytes + left, CAPTURE_BLOCK - left, &why);
    if (got < 0)
        return error_set(&capture->fault, (int)got, "capture %s breaks off: %s", capture->path,
                         why.text);
    block->exhausted = got == 0;
    block->end += (size_t)got;
    return 0;
}

int capture_too_large(struct capture *capture, uint32_t captured)
{
    return error_set(&capture->fault, -EBADMSG,
                     "capture %s breaks off: packet %" PRIu64 " claims %u bytes, at most %d are "
                     "sane (truncated or damaged)",
                     capture->path, capture->packets, captured, CAPTURE_PACKET_MAX);
}

void capture_add_unread(struct capture *capture, uint32_t number, uint64_t packets)
{
    uint32_t i = 0;

    while (i < capture->unread_kinds && capture->unread[i].number != number)
        i++;
    if (i == CAPTURE_UNREAD_MAX)
        i--;
    else if (i == capture->unread_kinds)
        capture->unread[capture->unread_kinds++].number = number;
    capture->unread[i].packets += packets;
    capture->unread_packets += packets;
}

#define CONVERT                                                                                    \
    "where IP begins N bytes into its packets, cut these off: "                                    \
    "editcap -F pcap -C N -T rawip IN OUT"

int capture_finish(struct capture *capture)
{
    char name[CAPTURE_LINK_NAME_MAX];

    if (capture->packets == 0 || capture->unread_packets < capture->packets)
        return -ENODATA;
    return error_set(&capture->fault, -EINVAL,
                     "nothing of capture %s can be read: its %" PRIu64 " packets have link type "
                     "%s%s; " CONVERT,
                     capture->path, capture->packets,
                     capture_link_name(capture->unread[0].number, name),
                     capture->unread_kinds > 1 ? " and others" : "");
}

int capture_refuse_link(const char *path, uint32_t number, struct error *error)
{
    char name[CAPTURE_LINK_NAME_MAX];

    return error_set(error, -EINVAL,
                     "nothing of capture %s can be read: it has link type %s; " CONVERT, path,
                     capture_link_name(number, name));
}

const char *capture_link_name(uint32_t number, char name[CAPTURE_LINK_NAME_MAX])
{
    const char *known = number <= INT32_MAX ? pcap_datalink_val_to_name((int)number) : NULL;

    if (known)
        snprintf(name, CAPTURE_LINK_NAME_MAX, "%s", known);
    else
        snprintf(name, CAPTURE_LINK_NAME_MAX, "LINKTYPE_%u", number);
    return name;
}

/* The first bytes; fewer when the file has no more. */
static ssize_t peek(struct byte_stream *stream, uint8_t header[CAPTURE_PEEK], struct error *error)
{
    size_t have = 0;

    while (have < CAPTURE_PEEK) {
        ssize_t got = byte_stream_read(stream, header + have, CAPTURE_PEEK - have, error);

        if (got < 0)
            return got;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

int capture_open(struct capture **out, const char *path, struct error *error)
{
    struct capture common = {.path = path};
    uint8_t header[CAPTURE_PEEK] = {0};
    int err = byte_stream_open(&common.stream, path, error);

    if (err)
        return error_prefix(error, err, "cannot read capture %s", path);
    ssize_t peeked = peek(common.stream, header, error);
    if (peeked < 0) {
        err = error_prefix(error, (int)peeked, "cannot read capture %s", path);
    } else {
        err = -ENOTSUP;
        if (peeked == CAPTURE_PEEK)
            err = capture_plain_open(out, &common, header, error);
        if (err == -ENOTSUP && peeked == CAPTURE_PEEK)
            err = capture_pcapng_open(out, &common, header, error);
        if (err == -ENOTSUP)
            err = capture_foreign_open(out, &common, header, (size_t)peeked, error);
    }
    if (err)
        byte_stream_close(common.stream);
    return err;
}

struct port *capture_port(struct capture *capture)
{
    return &capture->port;
}

const char *capture_fault(const struct capture *capture)
{
    return capture->fault.text;
}

uint32_t capture_unread(const struct capture *capture, const struct capture_unread **unread)
{
    *unread = capture->unread;
    return capture->unread_kinds;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size)
{
    if (capture->progress)
        capture->progress(capture, done, size);
    else
        byte_stream_progress(capture->stream, done, size);
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    byte_stream_close(capture->stream);
    capture->destroy(capture);
}
