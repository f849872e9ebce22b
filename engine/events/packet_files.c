// SPDX-License-Identifier: BSD-2-Clause
#include "packet_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link_layer.h"

enum {
    BUFFER = 1 << 20,
    WAIT_MS = 50, /* one look whether a reader has made room */
};

_Static_assert((int)PACKET_FILES_LEAST > (int)PCAPNG_BLOCK_MAX + 4 * PCAPNG_TEXT_MAX,
               "a file that begins has room for any packet");
_Static_assert(BUFFER >= 2 * PCAPNG_BLOCK_MAX, "a packet's interface and the packet");

struct packet_files {
    struct packet_files_options options;
    int *file; /* 0: not open */
    uint32_t current;
    size_t write_most; /* what never blocks once the file is writable */
    bool regular;
    bool full;        /* the one file: no smaller packet gets in behind a larger one */
    int status;       /* atomic */
    uint64_t written; /* packets; atomic */

    /* Of the file in hand. */
    uint64_t size; /* bytes, what waits in the buffer too */
    uint64_t out;  /* bytes of whole blocks that are in it */
    uint16_t interface[PACKET_INTERFACES_MAX][LINK_TYPES]; /* 1 + its number; 0: it has none yet */
    uint32_t interfaces;
    size_t length, taken, boundary; /* of the buffer: filled, written, where a block begins that
                                     * isn't wholly written */
    uint8_t buffer[BUFFER];
};

void packet_files_name(char name[PATH_MAX], const char *path, uint32_t count, uint32_t i)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    int digits = snprintf(NULL, 0, "%u", count - 1);

    if (count == 1)
        snprintf(name, PATH_MAX, "%s", path);
    else
        snprintf(name, PATH_MAX, "%.*s.%0*u%s", (int)stem, path, digits, i, dot ? dot : "");
}

static int open_file(const struct packet_files_options *options, uint32_t i, int *file,
                     struct error *error)
{
    char name[PATH_MAX];

    if (strcmp(options->path, "-") == 0) {
        *file = STDOUT_FILENO;
        return 0;
    }
    packet_files_name(name, options->path, options->count, i);
    *file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return *file >= 0
               ? 0
               : error_set(error, -errno, "cannot write packets to %s: %s", name, strerror(errno));
}

static void add_section(struct packet_files *files)
{
    memset(files->interface, 0, sizeof(files->interface));
    files->interfaces = 0;
    files->out = 0;
    files->length += pcapng_section(files->buffer + files->length, "afxdp-engine " AFXDP_VERSION);
    files->size = files->length;
}

/* Those that wait for their turn can be opened meanwhile. */
static int begin_others(struct packet_files *files, struct error *error)
{
    uint8_t section[PCAPNG_TEXT_MAX + 64];
    size_t length = pcapng_section(section, "afxdp-engine " AFXDP_VERSION);

    for (uint32_t i = 1; i < files->options.count; i++) {
        ssize_t wrote = write(files->file[i], section, length);

        if (wrote != (ssize_t)length)
            return error_set(error, wrote < 0 ? -errno : -ENOSPC, "cannot write packets to %s: %s",
                             files->options.path, strerror(wrote < 0 ? errno : ENOSPC));
    }
    return 0;
}

int packet_files_open(struct packet_files **out, const struct packet_files_options *options,
                      struct error *error)
{
    struct packet_files *files = calloc(1, sizeof(*files));
    struct stat what;
    int status = 0;

    if (files)
        files->file = calloc(options->count, sizeof(*files->file));
    if (!files || !files->file) {
        free(files);
        return error_set(error, -ENOMEM, "no memory for --write");
    }
    files->options = *options;
    for (uint32_t i = 0; status == 0 && i < options->count; i++)
        status = open_file(options, i, &files->file[i], error);
    if (status == 0)
        status = begin_others(files, error);
    if (status != 0) {
        packet_files_close(files);
        return status;
    }
    files->regular = fstat(files->file[0], &what) == 0 && S_ISREG(what.st_mode);
    files->write_most = files->regular ? BUFFER : PIPE_BUF;
    add_section(files);
    *out = files;
    return 0;
}

static void fail(struct packet_files *files, int status)
{
    if (files->regular)
        (void)!ftruncate(files->file[files->current], (off_t)files->out);
    files->length = files->taken = files->boundary = 0;
    __atomic_store_n(&files->status, status, __ATOMIC_RELEASE);
}

/* The next file of the ring, from its beginning. */
static void turn(struct packet_files *files)
{
    files->current = (files->current + 1) % files->options.count;
    int file = files->file[files->current];
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
        fail(files, -errno);
    else
        add_section(files);
}

static void add_interface(struct packet_files *files, uint32_t seen, enum link_type link)
{
    uint8_t *to = files->buffer + files->length;
    size_t length = pcapng_interface(to, link_number(link), files->options.snaplen,
                                     seen < 2 ? files->options.interface[seen] : NULL);

    files->interface[seen][link] = (uint16_t)++files->interfaces;
    files->length += length;
    files->size += length;
}

enum packet_files_added packet_files_add(struct packet_files *files, struct pcapng_packet *packet,
                                         uint32_t interface, enum link_type link)
{
    const struct packet_files_options *options = &files->options;
    /* Of an interface of its own and the packet, at most. */
    uint64_t bound = packet->captured + 3 * PCAPNG_TEXT_MAX;
    uint32_t seen = interface < PACKET_INTERFACES_MAX ? interface : PACKET_INTERFACES_MAX - 1;

    if (files->full)
        return PACKET_BEYOND;
    if (options->most && files->size + bound > options->most) {
        files->full = options->count == 1;
        if (files->full)
            return PACKET_BEYOND;
        if (files->length > 0)
            return PACKET_FLUSH_FIRST;
        turn(files);
    }
    if (BUFFER - files->length < bound)
        return PACKET_FLUSH_FIRST;
    if (!files->interface[seen][link])
        add_interface(files, seen, link);
    packet->interface = files->interface[seen][link] - 1u;
    size_t length = pcapng_packet(files->buffer + files->length, packet);
    files->length += length;
    files->size += length;
    return PACKET_ADDED;
}

/* Blocks that are wholly written. */
static void count_blocks(struct packet_files *files)
{
    uint64_t packets = files->written;

    while (files->boundary < files->taken) {
        const uint8_t *block = files->buffer + files->boundary;
        size_t length = pcapng_block_length(block);

        if (files->boundary + length > files->taken)
            break;
        packets += pcapng_block_is_packet(block) != 0;
        files->boundary += length;
        files->out += length;
    }
    __atomic_store_n(&files->written, packets, __ATOMIC_RELAXED);
}

bool packet_files_flush(struct packet_files *files)
{
    struct pollfd file = {.fd = files->file[files->current], .events = POLLOUT};
    size_t left = files->length - files->taken;

    if (left == 0 || poll(&file, 1, WAIT_MS) <= 0)
        return false;
    ssize_t wrote = write(file.fd, files->buffer + files->taken,
                          left < files->write_most ? left : files->write_most);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (wrote < 0) {
        fail(files, -errno);
        return false;
    }
    files->taken += (size_t)wrote;
    count_blocks(files);
    if (files->taken == files->length)
        files->length = files->taken = files->boundary = 0;
    return true;
}

bool packet_files_have_more(const struct packet_files *files)
{
    return files->length > 0;
}

uint64_t packet_files_written(const struct packet_files *files)
{
    return __atomic_load_n(&files->written, __ATOMIC_RELAXED);
}

int packet_files_status(const struct packet_files *files)
{
    return __atomic_load_n(&files->status, __ATOMIC_ACQUIRE);
}

void packet_files_close(struct packet_files *files)
{
    if (!files)
        return;
    for (uint32_t i = 0; i < files->options.count; i++)
        if (files->file[i] > STDOUT_FILENO)
            close(files->file[i]);
    free(files->file);
    free(files);
}
