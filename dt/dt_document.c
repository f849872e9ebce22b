// SPDX-License-Identifier: BSD-2-Clause
#include "dt_document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

static int damaged(const struct dt_document *document)
{
    return error_set(document->error, -EINVAL, "not %s at byte %zu, or a damaged file",
                     document->binary ? "UBJSON" : "JSON",
                     (size_t)(document->at - document->begin));
}

bool dt_string_is(const struct dt_string *string, const char *want)
{
    return string->size == strlen(want) && memcmp(string->bytes, want, string->size) == 0;
}

static void skip_space(struct dt_document *document)
{
    const char *space = document->binary ? "N" : " \t\r\n"; /* N: UBJSON's no-op */

    while (document->at < document->end && *document->at != '\0' && strchr(space, *document->at))
        document->at++;
}

static bool take(struct dt_document *document, char wanted)
{
    skip_space(document);
    if (document->at == document->end || *document->at != (uint8_t)wanted)
        return false;
    document->at++;
    return true;
}

/* UBJSON's numbers are big-endian. */
static int big_endian(struct dt_document *document, size_t size, uint64_t *value)
{
    if ((size_t)(document->end - document->at) < size)
        return damaged(document);
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value = *value << 8 | *document->at++;
    return 0;
}

static int binary_number(struct dt_document *document, char type, double *number)
{
    static const char types[] = "iUIlLdD";
    static const uint8_t sizes[] = {1, 1, 2, 4, 8, 4, 8};
    const char *found = type ? strchr(types, type) : NULL;
    uint64_t bits = 0;

    if (!found)
        return damaged(document);
    int err = big_endian(document, sizes[found - types], &bits);
    if (err)
        return err;
    float single;
    uint32_t half = (uint32_t)bits;
    switch (type) {
    case 'i':
        *number = (int8_t)bits;
        break;
    case 'I':
        *number = (int16_t)bits;
        break;
    case 'l':
        *number = (int32_t)bits;
        break;
    case 'L':
        *number = (double)(int64_t)bits;
        break;
    case 'd':
        memcpy(&single, &half, sizeof(single));
        *number = (double)single;
        break;
    case 'D':
        memcpy(number, &bits, sizeof(bits));
        break;
    default:
        *number = (double)bits;
    }
    return 0;
}

/* A length: an integer with its type. */
static int binary_length(struct dt_document *document, uint64_t *length)
{
    double number = 0;

    if (document->at == document->end)
        return damaged(document);
    int err = binary_number(document, (char)*document->at++, &number);
    if (err)
        return err;
    if (!(number >= 0) || number > (double)(document->end - document->begin))
        return damaged(document); /* no list is longer than its file */
    *length = (uint64_t)number;
    return 0;
}

/* The type of a value in a list. */
static int type_of(struct dt_document *document, const struct dt_list *list, char *type)
{
    if (list && list->type) {
        *type = list->type;
        return 0;
    }
    skip_space(document);
    if (document->at == document->end)
        return damaged(document);
    *type = (char)*document->at;
    if (document->binary)
        document->at++;
    return 0;
}

int dt_document_enter(struct dt_document *document, const struct dt_list *list, bool object,
                      struct dt_list *inner)
{
    char type = 0;
    int err = type_of(document, list, &type);

    if (err)
        return err;
    if (type != (object ? '{' : '['))
        return error_set(document->error, -EINVAL, "byte %zu isn't the begin of %s",
                         (size_t)(document->at - document->begin),
                         object ? "an object" : "an array");
    if (!document->binary)
        document->at++;
    *inner = (struct dt_list){.object = object};
    if (!document->binary)
        return 0;
    if (take(document, '$')) {
        if (document->at == document->end)
            return damaged(document);
        inner->type = (char)*document->at++;
        if (!inner->type || !strchr("iUIlLdDS[{", inner->type))
            return damaged(document); /* values without bytes would cost time and no file */
    }
    if (take(document, '#')) {
        inner->counted = true;
        return binary_length(document, &inner->left);
    }
    return inner->type ? damaged(document) : 0;
}

int dt_document_next(struct dt_document *document, struct dt_list *list)
{
    if (list->counted) {
        if (list->left == 0)
            return 0;
        list->left--;
        return 1;
    }
    if (take(document, list->object ? '}' : ']'))
        return 0;
    if (!document->binary && list->begun && !take(document, ','))
        return damaged(document);
    list->begun = true;
    return document->at < document->end ? 1 : damaged(document);
}

/* UBJSON: a length and bytes. JSON: quotes, escapes left as they are. */
static int read_string(struct dt_document *document, struct dt_string *string)
{
    if (document->binary) {
        uint64_t length = 0;
        int err = binary_length(document, &length);

        if (err)
            return err;
        if (length > (uint64_t)(document->end - document->at))
            return damaged(document);
        *string = (struct dt_string){(const char *)document->at, (size_t)length};
        document->at += length;
        return 0;
    }
    if (!take(document, '"'))
        return damaged(document);
    const uint8_t *first = document->at;
    while (document->at < document->end && *document->at != '"')
        document->at += *document->at == '\\' && document->at + 1 < document->end ? 2 : 1;
    if (document->at >= document->end)
        return damaged(document);
    *string = (struct dt_string){(const char *)first, (size_t)(document->at - first)};
    document->at++;
    return 0;
}

int dt_document_next_key(struct dt_document *document, struct dt_list *list, struct dt_string *key)
{
    int more = dt_document_next(document, list);

    if (more <= 0)
        return more;
    skip_space(document);
    int err = read_string(document, key);
    if (!err && !document->binary && !take(document, ':'))
        err = damaged(document);
    return err ? err : 1;
}

int dt_document_string(struct dt_document *document, const struct dt_list *list,
                       struct dt_string *string)
{
    char type = 0;
    int err = type_of(document, list, &type);

    if (!err && type != (document->binary ? 'S' : '"'))
        err = error_set(document->error, -EINVAL, "byte %zu isn't the begin of a string",
                        (size_t)(document->at - document->begin));
    return err ? err : read_string(document, string);
}

static bool take_word(struct dt_document *document, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(document->end - document->at) < size || memcmp(document->at, word, size) != 0)
        return false;
    document->at += size;
    return true;
}

int dt_document_number(struct dt_document *document, const struct dt_list *list, bool single,
                       double *number)
{
    char type = 0;
    int err = type_of(document, list, &type);

    if (err)
        return err;
    if (document->binary) {
        if (type == 'T' || type == 'F')
            *number = type == 'T';
        else
            err = binary_number(document, type, number);
        if (!err && single)
            *number = (double)(float)*number;
        return err;
    }
    if (take_word(document, "true") || take_word(document, "false")) {
        *number = type == 't';
        return 0;
    }
    char *end = NULL;
    const char *text = (const char *)document->at; /* ends: a NUL stands behind the document */
    if (type != '-' && (type < '0' || type > '9'))
        return damaged(document);
    *number = single ? (double)strtof(text, &end) : strtod(text, &end);
    if (end == text)
        return damaged(document);
    document->at = (const uint8_t *)end;
    return 0;
}

static int skip(struct dt_document *document, const struct dt_list *list, int depth)
{
    struct dt_list inner;
    struct dt_string string;
    double number;
    char type = 0;
    const uint8_t *before = document->at;
    int err = type_of(document, list, &type);

    if (err)
        return err;
    if (!list || !list->type)
        document->at = before; /* the value is read again, its type included */
    if (depth > DEPTH_MAX)
        return error_set(document->error, -EINVAL, "values are nested more than %d deep",
                         DEPTH_MAX);
    if (type == '{' || type == '[') {
        int more;

        err = dt_document_enter(document, list, type == '{', &inner);
        while (!err && (more = type == '{' ? dt_document_next_key(document, &inner, &string)
                                           : dt_document_next(document, &inner)) != 0)
            err = more < 0 ? more : skip(document, &inner, depth + 1);
        return err;
    }
    if (type == (document->binary ? 'S' : '"'))
        return dt_document_string(document, list, &string);
    skip_space(document);
    if (document->binary && type == 'Z') {
        document->at += list && list->type ? 0 : 1;
        return 0;
    }
    if (!document->binary && take_word(document, "null"))
        return 0;
    return dt_document_number(document, list, false, &number);
}

int dt_document_skip(struct dt_document *document, const struct dt_list *list)
{
    return skip(document, list, 0);
}
