// SPDX-License-Identifier: BSD-2-Clause
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

/* The first bytes; fewer when the file has no more. */
static ssize_t peek(int fd, uint8_t header[CAPTURE_PEEK])
{
    size_t have = 0;

    while (have < CAPTURE_PEEK) {
        ssize_t got = read(fd, header + have, CAPTURE_PEEK - have);

        if (got < 0)
            return -errno;
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

    common.owns_fd = strcmp(path, "-") != 0;
    common.fd = common.owns_fd ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (common.fd < 0) {
        int err = errno;
        return error_set(error, -err, "cannot open capture %s: %s", path, strerror(err));
    }
    int err;
    ssize_t peeked = peek(common.fd, header);
    if (peeked < 0) {
        err = (int)peeked;
        error_set(error, err, "cannot read capture %s: %s", path, strerror(-err));
    } else {
        err = peeked == CAPTURE_PEEK ? capture_plain_open(out, &common, header, error) : -ENOTSUP;
        if (err == -ENOTSUP)
            err = capture_foreign_open(out, &common, header, (size_t)peeked, error);
    }
    if (err && common.owns_fd)
        close(common.fd);
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

enum link_type capture_link(const struct capture *capture)
{
    return capture->link;
}

const char *capture_link_name(const struct capture *capture)
{
    return capture->link_name;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->owns_fd)
        close(capture->fd);
    capture->destroy(capture);
}
