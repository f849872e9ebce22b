// SPDX-License-Identifier: BSD-2-Clause
#include "text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 1 << 16 };

/* All of the file, up to one byte more than `most`; room for a NUL behind. NULL without memory. */
static char *read_whole(FILE *file, size_t most, size_t *size)
{
    size_t room = most + 2 < ROOM_FIRST ? most + 2 : ROOM_FIRST;
    char *text = malloc(room);

    *size = 0;
    while (text) {
        *size += fread(text + *size, 1, room - 1 - *size, file);
        if (*size < room - 1 || room == most + 2)
            return text;
        room = room < most / 2 ? 2 * room : most + 2;
        char *grown = realloc(text, room);
        if (!grown)
            free(text);
        text = grown;
    }
    return NULL;
}

int text_file_read(char **out, const char *path, size_t most, struct error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int err = 0;

    if (!file) {
        err = -errno;
        return error_set(error, err, "cannot open %s: %s", path, strerror(-err));
    }
    size_t size;
    char *text = read_whole(file, most, &size);
    if (!text)
        err = error_set(error, -ENOMEM, "no memory for %s", path);
    else if (ferror(file))
        err = error_set(error, -EIO, "cannot read %s: %s", path, strerror(errno));
    else if (size > most)
        err = error_set(error, -EINVAL, "%s is longer than %zu bytes", path, most);
    else if (memchr(text, '\0', size))
        err = error_set(error, -EINVAL, "%s isn't text", path);
    if (file != stdin)
        fclose(file);
    if (err) {
        free(text);
        return err;
    }
    text[size] = '\0';
    *out = text;
    return 0;
}

int text_file_write(const char *text, const char *path, struct error *error)
{
    int to_stdout = !path || strcmp(path, "-") == 0;
    FILE *file = to_stdout ? stdout : fopen(path, "we");
    int err = 0;

    errno = 0;
    if (!file || fputs(text, file) == EOF)
        err = errno ? -errno : -EIO;
    if (file && (to_stdout ? fflush(file) : fclose(file)) == EOF && !err)
        err = errno ? -errno : -EIO;
    if (err)
        return error_set(error, err, "cannot write %s: %s", to_stdout ? "standard output" : path,
                         strerror(-err));
    return 0;
}
