// SPDX-License-Identifier: BSD-2-Clause
#include "byte_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack_private.h"

enum { INPUT_SIZE = 128 << 10, MAGIC_SIZE = 4 };

struct byte_stream {
    int fd;
    bool owns_fd;                    /* not standard input */
    const struct unpacker *unpacker; /* NULL: not packed */
    void *state;
    bool between; /* nothing of a further piece has come yet */
    bool exhausted;
    uint64_t done; /* bytes read off fd */
    uint64_t size;
    size_t at; /* what is read, but not yet used: input[at..end) */
    size_t end;
    uint8_t input[INPUT_SIZE];
};

static ssize_t read_file(struct byte_stream *stream, void *to, size_t size, struct error *error)
{
    ssize_t got = read(stream->fd, to, size);

    if (got < 0)
        return error_set(error, -errno, "%s", strerror(errno));
    stream->done += (uint64_t)got;
    return got;
}

/* Makes sure of the first bytes, unless there are fewer. */
static int fill_magic(struct byte_stream *stream, struct error *error)
{
    while (stream->end < MAGIC_SIZE && !stream->exhausted) {
        ssize_t got =
            read_file(stream, stream->input + stream->end, INPUT_SIZE - stream->end, error);
        if (got < 0)
            return (int)got;
        stream->end += (size_t)got;
        stream->exhausted = got == 0;
    }
    return 0;
}

static int recognise(struct byte_stream *stream, struct error *error)
{
    static const struct {
        const char *magic;
        size_t size;
        const struct unpacker *unpacker;
        const char *refused;
    } forms[] = {
        {"\x1f\x8b", 2, &unpack_gzip, NULL},
        {"\x28\xb5\x2f\xfd", 4, &unpack_zstd, NULL},
        {"\x04\x22\x4d\x18", 4, &unpack_lz4, NULL},
        {"\x02\x21\x4c\x18", 4, NULL, "lz4's old format: pack it anew with lz4"},
        {"\xfd"
         "7zX",
         4, NULL, "xz: xzcat FILE | ... --pcap -"},
        {"BZh", 3, NULL, "bzip2: bzcat FILE | ... --pcap -"},
        {"PK\x03\x04", 4, NULL, "a zip archive: unzip -p FILE | ... --pcap -"},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (stream->end < forms[i].size ||
            memcmp(stream->input, forms[i].magic, forms[i].size) != 0)
            continue;
        if (forms[i].refused)
            return error_set(error, -EINVAL, "it is packed with %s", forms[i].refused);
        stream->unpacker = forms[i].unpacker;
        stream->state = stream->unpacker->open();
        return stream->state ? 0 : error_set(error, -ENOMEM, "no memory to unpack it");
    }
    return 0;
}

int byte_stream_open(struct byte_stream **out, const char *path, struct error *error)
{
    struct byte_stream *stream = malloc(sizeof(*stream));
    struct stat file;

    if (!stream)
        return error_set(error, -ENOMEM, "no memory to read it");
    memset(stream, 0, offsetof(struct byte_stream, input));
    stream->between = true;
    stream->owns_fd = strcmp(path, "-") != 0;
    stream->fd = stream->owns_fd ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (stream->fd < 0) {
        int err = -errno;
        free(stream);
        return error_set(error, err, "%s", strerror(-err));
    }
    if (fstat(stream->fd, &file) == 0 && S_ISREG(file.st_mode))
        stream->size = (uint64_t)file.st_size;
    int err = fill_magic(stream, error);
    if (!err)
        err = recognise(stream, error);
    if (err) {
        byte_stream_close(stream);
        return err;
    }
    *out = stream;
    return 0;
}

static int refill(struct byte_stream *stream, struct error *error)
{
    ssize_t got = read_file(stream, stream->input, INPUT_SIZE, error);

    if (got < 0)
        return (int)got;
    stream->at = 0;
    stream->end = (size_t)got;
    stream->exhausted = got == 0;
    return 0;
}

static ssize_t read_packed(struct byte_stream *stream, void *to, size_t size, struct error *error)
{
    const char *name = stream->unpacker->name;

    for (;;) {
        if (stream->at == stream->end && !stream->exhausted) {
            int err = refill(stream, error);
            if (err)
                return err;
        }
        if (stream->at == stream->end && stream->between)
            return 0;
        struct unpack_step step = {.in = stream->input + stream->at,
                                   .in_size = stream->end - stream->at,
                                   .out = to,
                                   .out_size = size};
        int status = stream->unpacker->step(stream->state, &step);
        if (status < 0)
            return error_set(error, -EBADMSG, "its %s data is damaged", name);
        stream->at += step.used;
        stream->between = status == 1;
        if (step.made > 0)
            return (ssize_t)step.made;
        if (step.used > 0 || status == 1)
            continue;
        if (stream->exhausted)
            return error_set(error, -EBADMSG, "its %s data ends early (truncated)", name);
        if (step.in_size > 0)
            return error_set(error, -EBADMSG, "its %s data is damaged", name);
    }
}

ssize_t byte_stream_read(struct byte_stream *stream, void *to, size_t size, struct error *error)
{
    if (stream->unpacker)
        return read_packed(stream, to, size, error);
    size_t take = stream->end - stream->at;
    if (take == 0)
        return read_file(stream, to, size, error);
    if (take > size)
        take = size;
    memcpy(to, stream->input + stream->at, take);
    stream->at += take;
    return (ssize_t)take;
}

void byte_stream_progress(const struct byte_stream *stream, uint64_t *done, uint64_t *size)
{
    *done = stream->size ? stream->done : 0;
    *size = stream->size;
}

void byte_stream_close(struct byte_stream *stream)
{
    if (!stream)
        return;
    if (stream->state)
        stream->unpacker->close(stream->state);
    if (stream->owns_fd && stream->fd >= 0)
        close(stream->fd);
    free(stream);
}
