// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>

#include "live_view.h"

enum { LINE = 1024 };

/* Where a text of so many letters ends, at most. */
static size_t cut(const char *text, uint32_t letters)
{
    size_t end = 0;

    while (text[end]) {
        if (((unsigned char)text[end] & 0xc0) != 0x80 && letters-- == 0)
            break;
        end++;
    }
    return end;
}

void live_screen_line(struct live_screen *screen, int style, const char *format, ...)
{
    char line[LINE];
    va_list arguments;

    if (screen->used >= screen->rows)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    line[cut(line, screen->columns)] = '\0';
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    if (!screen->terminal) {
        fprintf(screen->to, "%s\n", line);
    } else {
        if (screen->used > 0)
            fputc('\n', screen->to);
        if (style)
            fprintf(screen->to, "\033[%dm%s\033[0m\033[K", style, line);
        else
            fprintf(screen->to, "%s\033[K", line);
    }
    screen->used++;
}
