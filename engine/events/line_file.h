// SPDX-License-Identifier: BSD-2-Clause
/* Lines on their way into a file, a pipe or a socket, whose reader may be slow or gone: nothing
 * waits for it longer than LINE_FILE_WAIT_MS at a time. One thread, but where it says otherwise. */
#ifndef AFXDP_LINE_FILE_H
#define AFXDP_LINE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum {
    LINE_FILE_BUFFER = 1 << 16,
    LINE_FILE_WAIT_MS = 50, /* one look whether a reader has made room */
};

struct line_file {
    const char *path;
    int file;
    size_t write_most; /* what never blocks once the file is writable */
    int status;        /* -errno of the first write that failed; atomic */
    uint64_t written;  /* whole lines */
    uint64_t progress; /* writes that took something; atomic */
    size_t length;     /* of what waits in the buffer */
    char buffer[LINE_FILE_BUFFER];
};

/* Creates the file ("-": standard output; "unix:PATH": connects to a stream socket). `append`: what
 * is there stays. `what` names the lines in messages ("verdicts"). -errno with one line. */
int line_file_open(struct line_file *lines, const char *path, bool append, const char *what,
                   struct error *error);

/* Opens the path once more, for line_file_take: another file may have its name by now, a socket
 * another reader. A pipe without a reader is refused rather than waited for. A descriptor, or
 * -errno; standard output is itself. Any thread. */
int line_file_open_again(const struct line_file *lines);

/* Goes on with that descriptor, once the buffer is empty. */
void line_file_take(struct line_file *lines, int file);

bool line_file_is_socket(const struct line_file *lines);

bool line_file_has_room(const struct line_file *lines, size_t size);

/* Writes some of the buffer. False: the reader has made no room, or it has failed. */
bool line_file_write(struct line_file *lines);

/* 0, or -errno of the write that failed. Any thread. */
int line_file_status(const struct line_file *lines);

/* Grows with each write. Any thread. */
uint64_t line_file_progress(const struct line_file *lines);

void line_file_close(struct line_file *lines);

#endif
