// SPDX-License-Identifier: BSD-2-Clause
/* Walks through JSON or UBJSON (what XGBoost writes) value by value, without building a tree of it:
 * memory stays bounded whatever the file says. Nesting is bounded too. */
#ifndef AFXDP_DT_DOCUMENT_H
#define AFXDP_DT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct dt_document {
    const uint8_t *begin;
    const uint8_t *at;
    const uint8_t *end; /* a NUL stands here */
    bool binary;        /* UBJSON */
    struct error *error;
};

/* An object or array under way. */
struct dt_list {
    bool object;
    bool begun;
    bool counted;  /* UBJSON: its length stands in front */
    char type;     /* UBJSON: of all its values, 0: each has its own */
    uint64_t left; /* where counted */
};

/* A string as it stands in the file, escapes and all. */
struct dt_string {
    const char *bytes;
    size_t size;
};

bool dt_string_is(const struct dt_string *string, const char *want);

/* Each returns 0 or -EINVAL with the reason; the `next` ones 1 while there is another value, 0 at
 * the end. Values of a list must be taken or skipped one by one. `list` is the one that the value
 * stands in, NULL for the document's own. */
int dt_document_enter(struct dt_document *document, const struct dt_list *list, bool object,
                      struct dt_list *inner);
int dt_document_next_key(struct dt_document *document, struct dt_list *list, struct dt_string *key);
int dt_document_next(struct dt_document *document, struct dt_list *list);
/* A number, or a truth value as 1 or 0; `single`: as float32. */
int dt_document_number(struct dt_document *document, const struct dt_list *list, bool single,
                       double *number);
int dt_document_string(struct dt_document *document, const struct dt_list *list,
                       struct dt_string *string);
int dt_document_skip(struct dt_document *document, const struct dt_list *list);

#endif
