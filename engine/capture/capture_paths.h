// SPDX-License-Identifier: BSD-2-Clause
/* Which captures a user means: files, folders, patterns. */
#ifndef AFXDP_CAPTURE_PATHS_H
#define AFXDP_CAPTURE_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct capture_paths {
    uint32_t count;
    uint32_t room;
    char **path;
    uint32_t left_out; /* files of folders that can't be read as captures */
    struct error why;  /* of the first */
};

/* Adds a file ("-": standard input), the captures right in a folder, or the files that a pattern of
 * the shell's matches, folders and patterns by name, numbers in them counting as such. A file is
 * not looked into; what lies in a folder and isn't a capture is left out. -errno, -ENOENT for a
 * pattern or a folder that gives none. */
int capture_paths_add(struct capture_paths *paths, const char *what, struct error *error);

void capture_paths_free(struct capture_paths *paths);

/* -EINVAL where `output`, which `option` names, is one of them and would be written over. */
int capture_paths_check_output(const struct capture_paths *paths, const char *option,
                               const char *output, struct error *error);

/* Where the rows of one capture of many go: FOLDER/NAME.csv. NULL without memory; free() it. */
char *capture_paths_rows(const char *folder, const char *path);

/* -EINVAL where `folder` isn't one, two captures would have one file there, or a capture would be
 * written over; `option` names it. -ENOMEM. */
int capture_paths_check_rows(const struct capture_paths *paths, const char *option,
                             const char *folder, struct error *error);

#endif
