// SPDX-License-Identifier: BSD-2-Clause
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef error_set /* the analyzer's stand-ins */
#undef error_prefix

int error_set(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return code;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
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
    return code;
}
