// SPDX-License-Identifier: BSD-2-Clause
#include "prefix_list.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Digits alone, without leading zeros: at most 128, or -1. */
static int length_of(const char *text, size_t digits)
{
    int number = 0;

    if (digits == 0 || digits > 3 || (digits > 1 && text[0] == '0'))
        return -1;
    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number <= 128 ? number : -1;
}

static bool address_of(struct prefix *prefix, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t bytes[16] = {0};
    bool six = memchr(text, ':', length) != NULL;
    uint64_t word[2];

    if (length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    if (inet_pton(six ? AF_INET6 : AF_INET, copy, bytes) != 1)
        return false;
    memcpy(word, bytes, sizeof(word));
    *prefix = (struct prefix){
        .high = be64toh(word[0]),
        .low = be64toh(word[1]),
        .length = six ? 128 : 32,
        .version = six ? 6 : 4,
    };
    return true;
}

static int shorten(struct prefix *prefix, uint8_t length, struct error *error)
{
    struct prefix whole = *prefix;
    char text[PREFIX_TEXT_MAX], meant[PREFIX_TEXT_MAX];

    prefix->length = length;
    prefix->high &= prefix_mask(length);
    prefix->low &= length > 64 ? prefix_mask(length - 64U) : 0;
    if (prefix->high == whole.high && prefix->low == whole.low)
        return 0;
    prefix_print(&whole, text);
    prefix_print(prefix, meant);
    return error_set(error, -EINVAL, "%.*s/%u has bits behind its length: %s or %s",
                     (int)strcspn(text, "/"), text, length, meant, text);
}

int prefix_parse(struct prefix *prefix, const char *text, size_t length, struct error *error)
{
    const char *slash = memchr(text, '/', length);
    size_t address = slash ? (size_t)(slash - text) : length;
    int bits = slash ? length_of(slash + 1, length - address - 1) : 128;

    if (!address_of(prefix, text, address) || bits < 0 || (slash && bits > prefix->length))
        return error_set(error, -EINVAL,
                         "'%.*s' is no prefix: 192.0.2.0/24, 2001:db8::/32, or an address",
                         length < 60 ? (int)length : 60, text);
    return slash ? shorten(prefix, (uint8_t)bits, error) : 0;
}

void prefix_print(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
    const uint64_t word[2] = {htobe64(prefix->high), htobe64(prefix->low)};
    char address[INET6_ADDRSTRLEN] = "";

    inet_ntop(prefix->version == 6 ? AF_INET6 : AF_INET, word, address, sizeof(address));
    snprintf(text, PREFIX_TEXT_MAX, "%s/%u", address, prefix->length);
}
