// SPDX-License-Identifier: BSD-2-Clause
/* Runs a fuzzer's function over files and folders of files, without libFuzzer: any compiler can
 * replay the seeds and what fuzzing once found. usage: replay_NAME FILE|FOLDER... */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t replayed;

static int replay_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t size = 0;

    if (!stream) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    for (size_t got = 1; got > 0; size += got) {
        uint8_t *more = realloc(bytes, size + 65536);
        if (!more)
            abort();
        bytes = more;
        got = fread(bytes + size, 1, 65536, stream);
    }
    fclose(stream);
    /* Exactly as long as the input, so that a sanitizer sees the first byte read behind it. */
    uint8_t *exact = size > 0 ? realloc(bytes, size) : bytes;
    if (!exact)
        abort();
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    replayed++;
    return 0;
}

static int replay(const char *path)
{
    struct stat status;
    struct dirent *entry;
    int failed = 0;

    if (stat(path, &status)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return errno != ENOENT;
    }
    if (!S_ISDIR(status.st_mode))
        return replay_file(path);
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    while ((entry = readdir(folder)) != NULL) {
        char *inside;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
            abort();
        failed |= replay(inside);
        free(inside);
    }
    closedir(folder);
    return failed;
}

int main(int count, char **arguments)
{
    int failed = 0;

    for (int i = 1; i < count; i++)
        failed |= replay(arguments[i]);
    printf("%zu inputs replayed\n", replayed);
    return failed ? 1 : replayed == 0 ? 77 : 0; /* nothing to replay is a skip */
}
