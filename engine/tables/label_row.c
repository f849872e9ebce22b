// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "label_source_private.h"

int label_fault(const struct label_source *source, enum label_column column, const char *why,
                struct error *error)
{
    return error_set(error, -EINVAL, "%s: line %llu: column '%.40s' is '%.40s': %s",
                     source->csv.path, (unsigned long long)source->csv.number,
                     source->name[column] ? source->name[column] : "",
                     source->cell[column] ? source->cell[column] : "", why);
}

static int64_t saturating_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

static int parse_time(const struct label_source *source, enum label_column column,
                      const struct label_clock *clock, struct label_time *time, struct error *error)
{
    if (label_time_parse(source->cell[column], clock, time))
        return 0;
    return label_fault(source, column, "not a time in Unix seconds, nor a date that is known",
                       error);
}

/* A time reaches as far as its last digit says: of the row's first packet it may have been rounded,
 * of its last one cut. */
static void widen(struct label_row *row, int64_t start_grain, int64_t end_grain)
{
    enum { ROUNDED = 1000000 };

    if (start_grain <= ROUNDED)
        row->start = saturating_add(row->start, -start_grain);
    row->end = saturating_add(row->end, end_grain > ROUNDED ? end_grain - 1 : end_grain);
}

static int parse_times(struct label_row *row, const struct label_source *source,
                       struct error *error)
{
    const struct label_preset *preset = source->preset;
    const struct label_clock durations = {.unit = preset->duration_unit};
    struct label_time start = {0, 0}, end = {0, 0}, duration = {0, 0};
    int err = 0;

    row->start = INT64_MIN;
    row->end = INT64_MAX;
    if (source->cell[COLUMN_START])
        err = parse_time(source, COLUMN_START, &source->clock, &start, error);
    if (!err && source->cell[COLUMN_END])
        err = parse_time(source, COLUMN_END, &source->clock, &end, error);
    if (!err && source->cell[COLUMN_DURATION])
        err = parse_time(source, COLUMN_DURATION, &durations, &duration, error);
    if (err)
        return err;
    if (source->cell[COLUMN_START])
        row->start = start.time;
    if (source->cell[COLUMN_END])
        row->end = end.time;
    else if (source->cell[COLUMN_START] && preset->names[COLUMN_DURATION][0])
        row->end = saturating_add(start.time, duration.time);
    if (!preset->own && row->end != INT64_MAX)
        widen(row, start.grain, source->cell[COLUMN_END] ? end.grain : start.grain);
    if (row->start != INT64_MIN)
        row->start = saturating_add(row->start, source->options->offset);
    if (row->end != INT64_MAX)
        row->end = saturating_add(row->end, source->options->offset);
    return 0;
}

static int parse_number(const struct label_source *source, enum label_column column, uint64_t most,
                        uint64_t *value, struct error *error)
{
    const char *text = source->cell[column];
    bool hexadecimal = !source->preset->own && strncasecmp(text, "0x", 2) == 0;
    char *end;

    for (const char *p = text; *p && !hexadecimal; p++) {
        if (*p < '0' || *p > '9')
            return label_fault(source, column, "not a whole number", error);
    }
    errno = 0;
    *value = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (*end)
        return label_fault(source, column, "not a whole number", error);
    return errno || *value > most ? label_fault(source, column, "the number is too large", error)
                                  : 0;
}

/* The address in the form that the packet has: an IPv4-mapped one is IPv4. */
static int parse_address(const struct label_source *source, enum label_column column,
                         uint8_t cell_bit, uint8_t *mask, struct label_endpoint *endpoint,
                         struct error *error)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const char *text = source->cell[column];
    uint8_t bytes[16] = {0};

    if (!text)
        return 0;
    endpoint->version = 4;
    if (inet_pton(AF_INET, text, bytes) != 1) {
        if (inet_pton(AF_INET6, text, bytes) != 1)
            return label_fault(source, column, "not an IPv4 or IPv6 address", error);
        endpoint->version = 6;
        if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
            endpoint->version = 4;
            memmove(bytes, bytes + 12, 4);
            memset(bytes + 4, 0, 12);
        }
    }
    memcpy(endpoint->address, bytes, sizeof(bytes));
    *mask |= cell_bit;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int parse_mac(const struct label_source *source, enum label_column column, uint8_t cell_bit,
                     uint8_t *mask, uint64_t *mac, struct error *error)
{
    const char *text = source->cell[column];

    if (!text)
        return 0;
    bool valid = strlen(text) == 17;
    for (int i = 0; i < 6 && valid; i++) {
        int high = hex_digit(text[3 * i]);
        int low = hex_digit(text[3 * i + 1]);

        valid = high >= 0 && low >= 0 && (i == 5 || text[3 * i + 2] == ':');
        if (valid)
            *mac = *mac << 8 | (uint64_t)(high * 16 + low);
    }
    if (!valid)
        return label_fault(source, column, "not a MAC address (01:23:45:67:89:ab)", error);
    *mask |= cell_bit;
    return 0;
}

/* The number of a protocol that tools call by name, -1 where it has none. */
static int protocol_of(const char *name, bool six)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"tcp", 6},    {"udp", 17},       {"igmp", 2},   {"gre", 47},    {"esp", 50},
        {"ah", 51},    {"ipv6-icmp", 58}, {"icmp6", 58}, {"icmpv6", 58}, {"ospf", 89},
        {"sctp", 132}, {"pim", 103},      {"ipv6", 41},  {"ipnip", 4},   {"ipip", 4},
    };

    if (strcasecmp(name, "icmp") == 0)
        return six ? 58 : 1;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(known[i].name, name) == 0)
            return known[i].number;
    }
    return -1;
}

/* 2 for a protocol that isn't IP's, or that nobody knows. */
static int parse_protocol(struct label_key *key, const struct label_source *source,
                          struct error *error)
{
    const char *text = source->cell[COLUMN_PROTOCOL];
    bool six = (key->source.version | key->destination.version) == 6;
    uint64_t number = 0;

    if (!text)
        return 0;
    if (source->preset->own || (*text >= '0' && *text <= '9')) {
        int err = parse_number(source, COLUMN_PROTOCOL, 255, &number, error);
        if (err)
            return err;
        if (number == 0 && !source->preset->own) /* CICFlowMeter's for all it doesn't know */
            return 0;
    } else {
        int known = protocol_of(text, six);
        if (known < 0)
            return 2;
        number = (uint64_t)known;
    }
    key->protocol = (uint8_t)number;
    key->mask |= LABEL_PROTOCOL;
    return 0;
}

static bool has_ports(const struct label_key *key, const struct label_source *source)
{
    return source->preset->own ||
           (key->mask & LABEL_PROTOCOL && packet_least_header[key->protocol] > 0);
}

static int parse_port(const struct label_source *source, enum label_column column, uint8_t cell_bit,
                      uint8_t *mask, uint16_t *port, struct error *error)
{
    uint64_t number;

    if (!source->cell[column])
        return 0;
    int err = parse_number(source, column, 65535, &number, error);
    if (err)
        return err;
    *port = (uint16_t)number;
    *mask |= cell_bit;
    return 0;
}

int label_row_parse(struct label_row *row, const struct label_source *source, struct error *error)
{
    struct label_key *key = &row->key;

    memset(row, 0, sizeof(*row));
    int err = parse_times(row, source, error);
    if (!err)
        err = parse_address(source, COLUMN_SOURCE, LABEL_SOURCE, &key->mask, &key->source, error);
    if (!err)
        err = parse_address(source, COLUMN_DESTINATION, LABEL_DESTINATION, &key->mask,
                            &key->destination, error);
    if (!err)
        err = parse_protocol(key, source, error);
    if (!err && has_ports(key, source))
        err = parse_port(source, COLUMN_SOURCE_PORT, LABEL_SOURCE_PORT, &key->mask,
                         &key->source.port, error);
    if (!err && has_ports(key, source))
        err = parse_port(source, COLUMN_DESTINATION_PORT, LABEL_DESTINATION_PORT, &key->mask,
                         &key->destination.port, error);
    if (!err)
        err = parse_mac(source, COLUMN_SOURCE_MAC, LABEL_SOURCE_MAC, &key->mask, &key->source.mac,
                        error);
    if (!err)
        err = parse_mac(source, COLUMN_DESTINATION_MAC, LABEL_DESTINATION_MAC, &key->mask,
                        &key->destination.mac, error);
    return err;
}
