// SPDX-License-Identifier: BSD-2-Clause
#include "capture_paths.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"

/* Takes `path` over. */
static int add(struct capture_paths *paths, char *path, struct error *error)
{
    if (path && paths->count == paths->room) {
        uint32_t room = paths->room ? paths->room * 2 : 16;
        void *grown = reallocarray(paths->path, room, sizeof(*paths->path));

        if (!grown) {
            free(path);
            path = NULL;
        } else {
            paths->path = grown;
            paths->room = room;
        }
    }
    if (!path)
        return error_set(error, -ENOMEM, "no memory for the names of captures");
    paths->path[paths->count++] = path;
    return 0;
}

static bool is_file(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 && S_ISREG(file.st_mode);
}

/* Adds the file if it is a capture. */
static int add_if_capture(struct capture_paths *paths, const char *path, struct error *error)
{
    struct capture *capture = NULL;
    struct error why;

    if (!is_file(path))
        return 0;
    int err = capture_open(&capture, path, &why);
    capture_close(capture);
    if (err == 0)
        return add(paths, strdup(path), error);
    if (paths->left_out++ == 0)
        paths->why = why;
    return 0;
}

static int by_version(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct capture_paths *paths, const char *folder, struct error *error)
{
    struct dirent **entries;
    uint32_t before = paths->count;
    int count = scandir(folder, &entries, NULL, by_version);
    int err = 0;

    if (count < 0) {
        err = -errno;
        return error_set(error, err, "cannot read folder %s: %s", folder, strerror(-err));
    }
    for (int i = 0; i < count; i++) {
        char *path = NULL;

        if (!err && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
            err = error_set(error, -ENOMEM, "no memory for the names of captures");
        else if (!err)
            err = add_if_capture(paths, path, error);
        free(path);
        free(entries[i]);
    }
    free(entries);
    if (err || paths->count > before)
        return err;
    return error_set(error, -ENOENT, "folder %s has no captures%s%s", folder,
                     paths->left_out ? ": " : "", paths->left_out ? paths->why.text : "");
}

static int compare_paths(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int add_pattern(struct capture_paths *paths, const char *pattern, struct error *error)
{
    glob_t found;
    uint32_t before = paths->count;
    int err = 0;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return error_set(error, -ENOENT, "no capture has a name as %s", pattern);
    for (size_t i = 0; i < found.gl_pathc && !err; i++) {
        if (is_file(found.gl_pathv[i]))
            err = add(paths, strdup(found.gl_pathv[i]), error);
    }
    globfree(&found);
    if (!err && paths->count == before)
        err = error_set(error, -ENOENT, "no capture has a name as %s", pattern);
    if (!err)
        qsort(paths->path + before, paths->count - before, sizeof(*paths->path), compare_paths);
    return err;
}

int capture_paths_add(struct capture_paths *paths, const char *what, struct error *error)
{
    struct stat file;

    if (stat(what, &file) == 0 && S_ISDIR(file.st_mode))
        return add_folder(paths, what, error);
    if (strpbrk(what, "*?[") && stat(what, &file) != 0)
        return add_pattern(paths, what, error);
    return add(paths, strdup(what), error);
}

void capture_paths_free(struct capture_paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++)
        free(paths->path[i]);
    free(paths->path);
    *paths = (struct capture_paths){0};
}

int capture_paths_check_output(const struct capture_paths *paths, const char *option,
                               const char *output, struct error *error)
{
    struct stat written, read;

    if (stat(output, &written) != 0 || !S_ISREG(written.st_mode))
        return 0;
    for (uint32_t i = 0; i < paths->count; i++) {
        if (stat(paths->path[i], &read) == 0 && read.st_dev == written.st_dev &&
            read.st_ino == written.st_ino)
            return error_set(error, -EINVAL,
                             "--%s %.200s: this capture is read, and would be overwritten: name "
                             "another",
                             option, output);
    }
    return 0;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *capture_paths_rows(const char *folder, const char *path)
{
    char *rows = NULL;

    return asprintf(&rows, "%s/%s.csv", folder, base_of(path)) < 0 ? NULL : rows;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(base_of(*(char *const *)a), base_of(*(char *const *)b));
}

int capture_paths_check_rows(const struct capture_paths *paths, const char *option,
                             const char *folder, struct error *error)
{
    struct stat found;
    int err = 0;

    if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode))
        return error_set(error, -EINVAL, "--each: --%s %s is no folder: make one", option, folder);
    char **sorted = reallocarray(NULL, paths->count + 1, sizeof(*sorted));
    if (!sorted)
        return error_set(error, -ENOMEM, "no memory for the names of captures");
    for (uint32_t i = 0; i < paths->count; i++)
        sorted[i] = paths->path[i];
    qsort(sorted, paths->count, sizeof(*sorted), compare_names);
    for (uint32_t i = 1; i < paths->count && !err; i++) {
        if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
            err = error_set(error, -EINVAL,
                            "--each: %s and %s have one name, so their rows would have one file",
                            sorted[i - 1], sorted[i]);
    }
    free(sorted);
    for (uint32_t i = 0; i < paths->count && !err; i++) {
        char *rows = capture_paths_rows(folder, paths->path[i]);

        err = rows ? capture_paths_check_output(paths, option, rows, error)
                   : error_set(error, -ENOMEM, "no memory for the names of captures");
        free(rows);
    }
    return err;
}
