// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_text.h"
#include "blocks_private.h"
#include "day_clock.h"
#include "file_replace.h"
#include "monotonic.h"
#include "policy.h"
#include "text_file.h"

enum { FILE_MOST = 1 << 28, MODE = 0600 };

/* Whether it still is to be blocked, and is. */
static bool restore(struct blocks *b, const struct block_line *line, uint64_t today, uint64_t now)
{
    uint64_t left = line->end > today ? line->end - today : 0;

    if (left > POLICY_BLOCK_MAX)
        left = POLICY_BLOCK_MAX;
    return left != 0 && blocks_begin(b, &line->source, now, now + left * SECOND_NS);
}

int blocks_restore(struct blocks *b, const char *path, uint32_t *restored, struct error *error)
{
    struct block_line *line = NULL;
    char *text = NULL;
    size_t count = 0;

    *restored = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    int status = text_file_read(&text, path, FILE_MOST, error);
    if (status == 0)
        status = block_text_parse(&line, &count, text, error);
    free(text);
    if (status != 0)
        return error_prefix(error, status, "--state %s", path);
    uint64_t today = day_clock_now() / SECOND_NS, now = monotonic_ns();
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < count; i++)
        *restored += restore(b, &line[i], today, now);
    pthread_mutex_unlock(&b->lock);
    free(line);
    return 0;
}

static void print_all(struct blocks *b, FILE *file)
{
    uint64_t offset = day_clock_now() - monotonic_ns();
    uint32_t place = 0;

    block_text_begin(file);
    while (place != BLOCKS_END) {
        struct blocked_host host[BLOCKS_PAGE];
        uint32_t count = blocks_read(b, &place, host);

        for (uint32_t i = 0; i < count; i++) {
            const struct block_line line = {host[i].source, (host[i].until + offset) / SECOND_NS};

            block_text_print(file, &line);
        }
    }
}

int blocks_save(struct blocks *b, const char *path, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    int status = file ? 0 : -ENOMEM;

    if (file) {
        print_all(b, file);
        status = fclose(file) == 0 ? file_replace(path, text, size, MODE) : -ENOMEM;
    }
    free(text);
    return status == 0
               ? 0
               : error_set(error, status, "cannot write --state %s: %s", path, strerror(-status));
}
