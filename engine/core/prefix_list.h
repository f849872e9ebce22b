// SPDX-License-Identifier: BSD-2-Clause
/* Lists of IP prefixes: their text, and what can be done to them.
 *
 * Text is PREFIX[,PREFIX...], or @FILE with one a line, as blocklists come: "192.0.2.0/24",
 * "2001:db8::/32", an address alone for itself; behind # or ; a comment. Set-up only, one thread.
 */
#ifndef AFXDP_PREFIX_LIST_H
#define AFXDP_PREFIX_LIST_H

#include <stddef.h>

#include "error.h"
#include "prefix_set.h"

enum {
    PREFIXES_MAX = 1 << 21,
    PREFIX_TEXT_MAX = 50, /* of one: 39 of an address, its length, a NUL */
};

struct prefix {
    uint64_t high, low; /* as of struct prefix_address, zeros behind the prefix */
    uint8_t length;     /* 0 to 32 or 128 */
    uint8_t version;    /* 4 or 6 */
};

/* Zeros are an empty list. Sorted, without duplicates; those within others stay in. */
struct prefix_list {
    struct prefix *prefix;
    uint32_t count;
    uint32_t room;
};

void prefix_list_free(struct prefix_list *list);

/* One prefix of `length` characters. -EINVAL, with words. */
int prefix_parse(struct prefix *prefix, const char *text, size_t length, struct error *error);

void prefix_print(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);

/* Adds what the text says; `what` ("--deny") begins the messages. -errno of reading a file, -EINVAL
 * with file and line, -E2BIG, -ENOMEM; then the list is what it was. */
int prefix_list_add_text(struct prefix_list *list, const char *text, const char *what,
                         struct error *error);

/* Adds, or takes out, all of another list. -ENOENT with the first that isn't there, -E2BIG,
 * -ENOMEM; then the list is what it was. */
int prefix_list_add(struct prefix_list *list, const struct prefix_list *more, struct error *error);
int prefix_list_remove(struct prefix_list *list, const struct prefix_list *gone,
                       struct error *error);

/* The elements of a set of exactly these prefixes; free() them. -E2BIG for a list that makes more
 * of them than a map holds, -ENOMEM. */
int prefix_set_new(union prefix_element **out, uint32_t *count, const struct prefix_list *list,
                   struct error *error);

#endif
