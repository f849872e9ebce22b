// SPDX-License-Identifier: BSD-2-Clause
/* Files that are whole whenever somebody reads them. */
#ifndef AFXDP_FILE_REPLACE_H
#define AFXDP_FILE_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

/* A new file of that mode takes the place of the one at `path`, if there is one. A device or a FIFO
 * is written to: replaced, /dev/null would be a file from then on. -errno, and then the former file
 * stays. */
int file_replace(const char *path, const void *bytes, size_t size, mode_t mode);

#endif
