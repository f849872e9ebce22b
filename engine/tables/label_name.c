// SPDX-License-Identifier: BSD-2-Clause
#include "label_name_private.h"

#include <stdint.h>
#include <string.h>

/* The code point at *text, which goes behind it. */
static uint32_t take_letter(const char **text)
{
    const uint8_t *p = (const uint8_t *)*text;
    uint32_t more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc2 ? 1 : 0;
    uint32_t letter = p[0] & (0x3fu >> more);

    for (uint32_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            more = 0;
            break;
        }
        letter = letter << 6 | (p[i] & 0x3f);
    }
    *text += 1 + more;
    return more ? letter : p[0];
}

static char ascii_of(uint32_t letter)
{
    switch (letter) {
    case 0x96: /* code page 1252's */
    case 0x97:
    case 0x2010: /* hyphens and dashes */
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
    case 0xfffd: /* what a dash became on its way through two encodings */
        return '-';
    case 0x91:
    case 0x92:
    case 0x93:
    case 0x94:
    case 0x2018:
    case 0x2019:
    case 0x201c:
    case 0x201d:
        return '\'';
    case 0xa0:
        return ' ';
    default:
        return letter < 0x80 ? (char)letter : '?';
    }
}

bool label_name(const char *text, char name[LABEL_NAME_MAX])
{
    uint32_t size = 0;
    bool same = true;

    while (*text && size < LABEL_NAME_MAX - 1) {
        uint32_t letter = take_letter(&text);

        same = same && letter < 0x80;
        name[size++] = ascii_of(letter);
    }
    name[size] = '\0';
    return same;
}
