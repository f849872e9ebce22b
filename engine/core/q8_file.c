// SPDX-License-Identifier: BSD-2-Clause
/* Reading and replacing `.q8` files on disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_replace.h"
#include "q8.h"

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t got = read(fd, bytes + at, size - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EINVAL; /* it shrank while it was read */
        at += (size_t)got;
    }
    return 0;
}

int q8_read(struct q8 **out, const char *path, struct error *error)
{
    struct stat status;
    uint8_t *bytes = NULL;
    int err;

    /* O_NONBLOCK: a FIFO given by mistake must not hang the engine. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        err = -errno;
        return error_set(error, err, "model %s: cannot open: %s", path, strerror(-err));
    }
    if (fstat(fd, &status)) {
        err = -errno;
        error_set(error, err, "model %s: %s", path, strerror(-err));
        goto out;
    }
    if (!S_ISREG(status.st_mode)) {
        err = error_set(error, -EINVAL, "model %s: not a regular file", path);
        goto out;
    }
    if (status.st_size > Q8_FILE_MAX) {
        err = error_set(error, -EINVAL, "model %s: %lld bytes, a model has at most %d", path,
                        (long long)status.st_size, Q8_FILE_MAX);
        goto out;
    }
    size_t size = (size_t)status.st_size;
    bytes = malloc(size + 1);
    if (!bytes) {
        err = error_set(error, -ENOMEM, "model %s: no memory for %zu bytes", path, size);
        goto out;
    }
    err = read_all(fd, bytes, size);
    if (err) {
        error_set(error, err, "model %s: cannot read: %s", path, strerror(-err));
        goto out;
    }
    err = q8_decode(out, bytes, size, error);
    if (err)
        error_prefix(error, err, "model %s", path);
out:
    free(bytes);
    close(fd);
    return err;
}

int q8_write(struct q8 *file, const char *path, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int err = q8_encode(file, &bytes, &size, error);

    if (err)
        return error_prefix(error, err, "model %s", path);
    err = file_replace(path, bytes, size, 0644);
    if (err)
        error_set(error, err, "model %s: cannot write: %s", path, strerror(-err));
    free(bytes);
    return err;
}
