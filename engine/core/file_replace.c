// SPDX-License-Identifier: BSD-2-Clause
#include "file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t put = write(fd, (const uint8_t *)bytes + at, size - at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        at += (size_t)put;
    }
    return 0;
}

static int replace(const char *path, const void *bytes, size_t size, mode_t mode)
{
    char *temporary;
    int err;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        err = -errno;
        free(temporary);
        return err;
    }
    err = write_all(fd, bytes, size);
    if (!err && (fsync(fd) || fchmod(fd, mode) || rename(temporary, path)))
        err = -errno;
    if (err)
        unlink(temporary);
    close(fd);
    free(temporary);
    return err;
}

static int write_through(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int err = write_all(fd, bytes, size);
    close(fd);
    return err;
}

int file_replace(const char *path, const void *bytes, size_t size, mode_t mode)
{
    struct stat status;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return write_through(path, bytes, size);
    return replace(path, bytes, size, mode);
}
