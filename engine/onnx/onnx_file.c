// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onnx.h"

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t got = read(fd, bytes + at, size - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EINVAL; /* it shrank while it was read */
        at += (size_t)got;
    }
    return 0;
}

int onnx_read_bytes(uint8_t **out, size_t *size, const char *path, struct error *error)
{
    struct stat status;
    uint8_t *bytes = NULL;
    int err;

    /* O_NONBLOCK: a FIFO given by mistake must not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status)) {
        err = -errno;
        error_set(error, err, "%s: cannot open: %s", path, strerror(-err));
        goto out;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > ONNX_FILE_MAX) {
        err = error_set(error, -EINVAL, "%s: not a regular file of at most %d bytes", path,
                        ONNX_FILE_MAX);
        goto out;
    }
    *size = (size_t)status.st_size;
    bytes = malloc(*size + 1);
    err = bytes ? read_all(fd, bytes, *size) : -ENOMEM;
    if (err) {
        error_set(error, err, "%s: cannot read: %s", path, strerror(-err));
        goto out;
    }
    bytes[*size] = '\0';
    *out = bytes;
    bytes = NULL;
out:
    free(bytes);
    if (fd >= 0)
        close(fd);
    return err;
}

int onnx_read(struct onnx **out, const char *path, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int err = onnx_read_bytes(&bytes, &size, path, error);

    if (err)
        return err;
    err = onnx_decode(out, bytes, size, error);
    free(bytes);
    return err ? error_prefix(error, err, "%s", path) : 0;
}
