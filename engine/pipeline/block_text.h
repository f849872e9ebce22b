// SPDX-License-Identifier: BSD-2-Clause
/* Blocks as text, as --state keeps them from one run to the next:
 *
 *     afxdp-engine blocks 1
 *     203.0.113.9 1795881234
 *
 * a host and when its block ends, seconds since 1970. */
#ifndef AFXDP_BLOCK_TEXT_H
#define AFXDP_BLOCK_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "block_key.h"
#include "error.h"
#include "prefix_list.h"

struct block_line {
    struct block_key source;
    uint64_t end; /* s since 1970 */
};

/* The first line. */
void block_text_begin(FILE *file);
void block_text_print(FILE *file, const struct block_line *line);

/* All lines of a file that anybody may have written: free() them. An empty text has none. -EINVAL
 * with the line that is none, -E2BIG for more than BLOCKS_MAX, -ENOMEM. */
int block_text_parse(struct block_line **out, size_t *count, const char *text, struct error *error);

/* "203.0.113.9", "2001:db8::9". */
void block_text_host(const struct block_key *source, char text[PREFIX_TEXT_MAX]);

#endif
