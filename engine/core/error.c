// SPDX-License-Identifier: BSD-2-Clause
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef error_set /* the analyzer's stand-ins */
#undef error_prefix

/* What a message quotes may hold anything: a line break would make two lines of it, an escape would
 * be obeyed by a terminal. */
static void keep_one_line(struct error *error)
{
    for (char *at = error->text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == '\x7f')
            *at = '?';
    }
}

int error_set(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return code;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    keep_one_line(error);
    return code;
}

int error_prefix(struct error *error, int code, const char *format, ...)
{
    struct error before;
    va_list arguments;

    if (!error)
        return code;
    before = *error;
    va_start(arguments, format);
    int length = vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof(error->text))
        snprintf(error->text + length, sizeof(error->text) - (size_t)length, ": %.*s",
                 (int)sizeof(before.text) - length - 3, before.text);
    keep_one_line(error);
    return code;
}
