// SPDX-License-Identifier: BSD-2-Clause
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "error.h"

void say(const struct afxdp_callbacks *to, enum afxdp_message level, const char *format, ...)
{
    struct error line;
    char text[sizeof(line.text)];
    va_list arguments;

    if (!to->message)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    error_set(&line, 0, "%s", text); /* keeps it to one line */
    to->message(to->context, level, line.text);
}
