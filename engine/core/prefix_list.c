// SPDX-License-Identifier: BSD-2-Clause
#include "prefix_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text_file.h"

enum { FILE_MOST = 1 << 27 };

void prefix_list_free(struct prefix_list *list)
{
    free(list->prefix);
    *list = (struct prefix_list){.count = 0};
}

static int too_many(struct error *error)
{
    return error_set(error, -E2BIG, "more than %d prefixes", PREFIXES_MAX);
}

static int append(struct prefix_list *list, const struct prefix *prefix, struct error *error)
{
    if (list->count == PREFIXES_MAX)
        return too_many(error);
    if (list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : 16;
        struct prefix *grown = reallocarray(list->prefix, room, sizeof(*grown));

        if (!grown)
            return error_set(error, -ENOMEM, "no memory for %u prefixes", room);
        list->prefix = grown;
        list->room = room;
    }
    list->prefix[list->count++] = *prefix;
    return 0;
}

/* A prefix stands before those within it. */
static int compare(const void *one, const void *other)
{
    const struct prefix *a = one;
    const struct prefix *b = other;

    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return (int)a->length - (int)b->length;
}

static void sort(struct prefix_list *list)
{
    uint32_t kept = 0;

    if (list->count > 1)
        qsort(list->prefix, list->count, sizeof(*list->prefix), compare);
    for (uint32_t i = 0; i < list->count; i++)
        if (kept == 0 || compare(&list->prefix[kept - 1], &list->prefix[i]) != 0)
            list->prefix[kept++] = list->prefix[i];
    list->count = kept;
}

static const char white[] = " \t\r";

/* What stands between `from` and `end`, without white space around it. */
static size_t trim(const char **from, const char *end)
{
    while (*from < end && memchr(white, **from, sizeof(white) - 1))
        ++*from;
    while (end > *from && memchr(white, end[-1], sizeof(white) - 1))
        end--;
    return (size_t)(end - *from);
}

static int parse_file(struct prefix_list *list, const char *path, struct error *error)
{
    char *text = NULL;
    int status = text_file_read(&text, path, FILE_MOST, error);
    uint32_t number = 1;

    for (const char *line = text, *end; status == 0 && *line; line = end + (*end != 0), number++) {
        struct prefix prefix;

        end = line + strcspn(line, "\n");
        size_t length = trim(&line, line + strcspn(line, "#;\n"));
        if (length == 0)
            continue;
        status = prefix_parse(&prefix, line, length, error);
        if (status == 0)
            status = append(list, &prefix, error);
        if (status != 0)
            (void)error_prefix(error, status, "%s, line %u", path, number);
    }
    free(text);
    return status;
}

static int parse_words(struct prefix_list *list, const char *text, struct error *error)
{
    int status = 0;

    for (const char *end; status == 0; text = end + 1) {
        struct prefix prefix;

        end = text + strcspn(text, ",");
        size_t length = trim(&text, end);
        status = prefix_parse(&prefix, text, length, error);
        if (status == 0)
            status = append(list, &prefix, error);
        if (!*end)
            break;
    }
    return status;
}

int prefix_list_add_text(struct prefix_list *list, const char *text, const char *what,
                         struct error *error)
{
    struct prefix_list more = {.count = 0};
    int status =
        text[0] == '@' ? parse_file(&more, text + 1, error) : parse_words(&more, text, error);

    if (status == 0)
        status = prefix_list_add(list, &more, error);
    prefix_list_free(&more);
    return status == 0 ? 0 : error_prefix(error, status, "%s", what);
}

int prefix_list_add(struct prefix_list *list, const struct prefix_list *more, struct error *error)
{
    uint32_t before = list->count;
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < more->count; i++)
        status = append(list, &more->prefix[i], error);
    if (status != 0)
        list->count = before;
    else
        sort(list);
    return status;
}

int prefix_list_remove(struct prefix_list *list, const struct prefix_list *gone,
                       struct error *error)
{
    uint32_t kept = 0;
    uint32_t next = 0;
    char text[PREFIX_TEXT_MAX];

    for (uint32_t i = 0; i < gone->count; i++) {
        if (list->count &&
            bsearch(&gone->prefix[i], list->prefix, list->count, sizeof(*list->prefix), compare))
            continue;
        prefix_print(&gone->prefix[i], text);
        return error_set(error, -ENOENT, "%s isn't in the list", text);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (next < gone->count && compare(&list->prefix[i], &gone->prefix[next]) == 0)
            next++;
        else
            list->prefix[kept++] = list->prefix[i];
    }
    list->count = kept;
    return 0;
}
