// SPDX-License-Identifier: BSD-2-Clause
#include "line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX "unix:"

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0)
        return -errno;
    if (connect(file, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int status = -errno;
        close(file);
        return status;
    }
    return file;
}

static bool is_socket(const char *path)
{
    return strncmp(path, UNIX, strlen(UNIX)) == 0;
}

static int open_path(const char *path, int flags)
{
    if (strcmp(path, "-") == 0)
        return STDOUT_FILENO;
    if (is_socket(path))
        return connect_to(path + strlen(UNIX));
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    return file < 0 ? -errno : file;
}

/* A pipe that is writable has room for PIPE_BUF bytes (pipe(7)), a file takes any. */
static void measure(struct line_file *lines)
{
    struct stat what;
    bool regular = fstat(lines->file, &what) == 0 && S_ISREG(what.st_mode);

    lines->write_most = regular ? LINE_FILE_BUFFER : PIPE_BUF;
}

int line_file_open(struct line_file *lines, const char *path, bool append, const char *what,
                   struct error *error)
{
    lines->path = path;
    lines->file = open_path(path, append ? O_APPEND : O_TRUNC);
    if (lines->file < 0)
        return error_set(error, lines->file, "cannot write %s to %s: %s", what, path,
                         strerror(-lines->file));
    measure(lines);
    return 0;
}

int line_file_open_again(const struct line_file *lines)
{
    int file = open_path(lines->path, O_APPEND | O_NONBLOCK);

    if (file > STDOUT_FILENO && !is_socket(lines->path))
        (void)fcntl(file, F_SETFL, O_APPEND);
    return file;
}

void line_file_take(struct line_file *lines, int file)
{
    line_file_close(lines);
    lines->file = file;
    __atomic_store_n(&lines->status, 0, __ATOMIC_RELEASE);
    measure(lines);
}

bool line_file_is_socket(const struct line_file *lines)
{
    return is_socket(lines->path);
}

bool line_file_has_room(const struct line_file *lines, size_t size)
{
    return LINE_FILE_BUFFER - lines->length >= size;
}

static uint64_t lines_in(const char *text, size_t length)
{
    uint64_t lines = 0;

    for (const char *end; (end = memchr(text, '\n', length)); lines++) {
        length -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    return lines;
}

bool line_file_write(struct line_file *lines)
{
    struct pollfd file = {.fd = lines->file, .events = POLLOUT};
    size_t most = lines->length < lines->write_most ? lines->length : lines->write_most;

    if (poll(&file, 1, LINE_FILE_WAIT_MS) <= 0)
        return false;
    ssize_t taken = write(lines->file, lines->buffer, most);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (taken < 0) {
        __atomic_store_n(&lines->status, -errno, __ATOMIC_RELEASE);
        return false;
    }
    __atomic_store_n(&lines->progress, lines->progress + 1, __ATOMIC_RELAXED);
    lines->written += lines_in(lines->buffer, (size_t)taken);
    lines->length -= (size_t)taken;
    memmove(lines->buffer, lines->buffer + taken, lines->length);
    return true;
}

int line_file_status(const struct line_file *lines)
{
    return __atomic_load_n(&lines->status, __ATOMIC_ACQUIRE);
}

uint64_t line_file_progress(const struct line_file *lines)
{
    return __atomic_load_n(&lines->progress, __ATOMIC_RELAXED);
}

void line_file_close(struct line_file *lines)
{
    if (lines->file > STDOUT_FILENO)
        close(lines->file);
    lines->file = -1;
}
