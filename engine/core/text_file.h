// SPDX-License-Identifier: BSD-2-Clause
/* Small text files, read and written whole. */
#ifndef AFXDP_TEXT_FILE_H
#define AFXDP_TEXT_FILE_H

#include <stddef.h>

#include "error.h"

/* Reads a file ("-": stdin) of at most `most` bytes; free() the text. -errno of open and read,
 * -EINVAL for a longer file or one with a NUL in it, with the reason. */
int text_file_read(char **out, const char *path, size_t most, struct error *error);

/* Writes the text to the file (NULL or "-": stdout). -errno with the reason. */
int text_file_write(const char *text, const char *path, struct error *error);

#endif
