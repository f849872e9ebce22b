// SPDX-License-Identifier: BSD-2-Clause
#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the letter at `p` has, 0 where there is none: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF. */
static size_t letter_size(const uint8_t *p)
{
    size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
        return 0;
    return size;
}

char *utf8_from_bytes(const char *bytes)
{
    enum { ESCAPE_SIZE = 4 };
    const uint8_t *from = (const uint8_t *)bytes;
    char *text = malloc(ESCAPE_SIZE * strlen(bytes) + 1);
    char *to = text;

    while (text && *from) {
        size_t size = letter_size(from);

        if (size > 0) {
            memcpy(to, from, size);
            from += size;
            to += size;
        } else {
            to += snprintf(to, ESCAPE_SIZE + 1, "\\x%02x", *from++);
        }
    }
    if (text)
        *to = '\0';
    return text;
}
