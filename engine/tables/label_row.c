// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "label_table.h"

int label_columns_find(struct label_columns *columns, const struct csv *csv, struct error *error)
{
    const struct {
        const char *name;
        int *column;
    } known[] = {
        {"start", &columns->start},
        {"end", &columns->end},
        {"protocol", &columns->protocol},
        {"source", &columns->source},
        {"destination", &columns->destination},
        {"source_port", &columns->source_port},
        {"destination_port", &columns->destination_port},
        {"source_mac", &columns->source_mac},
        {"destination_mac", &columns->destination_mac},
    };
    uint32_t found = 1;
    int label = csv_require(csv, "label", error);

    if (label < 0)
        return label;
    columns->label = (uint32_t)label;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        *known[i].column = csv_column(csv, known[i].name);
        found += *known[i].column >= 0;
    }
    if (found == csv->columns)
        return 0;
    for (uint32_t i = 0; i < csv->columns; i++) { /* a misspelt column would match anything */
        size_t k = 0;
        while (k < sizeof(known) / sizeof(known[0]) && *known[k].column != (int)i)
            k++;
        if (k == sizeof(known) / sizeof(known[0]) && (int)i != label)
            return error_set(error, -EINVAL,
                             "%s: line 1: unknown column '%.40s'; there are start, end, protocol, "
                             "source, destination, source_port, destination_port, source_mac, "
                             "destination_mac, label",
                             csv->path, csv->names[i]);
    }
    return 0;
}

/* The text of a cell, or NULL where it is empty or the file has no such column. */
static const char *cell(const struct csv *csv, int column)
{
    return column >= 0 && csv->fields[column][0] ? csv->fields[column] : NULL;
}

/* "1678440574.078826" in nanoseconds, digits beyond them dropped. */
static int parse_time(const struct csv *csv, int column, uint64_t *time, struct error *error)
{
    const char *text = cell(csv, column);
    uint64_t seconds = 0;
    uint64_t unit = 100000000;

    if (!text)
        return 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && p < text + 10; p++)
        seconds = seconds * 10 + (uint64_t)(*p - '0');
    if (p == text)
        return csv_fault(csv, (uint32_t)column, "not a time in Unix seconds", error);
    *time = seconds * 1000000000;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            *time += (uint64_t)(*p - '0') * unit;
    }
    return *p ? csv_fault(csv, (uint32_t)column, "not a time in Unix seconds", error) : 0;
}

static int parse_small(const struct csv *csv, int column, uint64_t most, uint8_t cell_bit,
                       uint8_t *mask, uint64_t *value, struct error *error)
{
    *value = 0;
    if (!cell(csv, column))
        return 0;
    *mask |= cell_bit;
    return csv_number(csv, (uint32_t)column, most, value, error);
}

static int parse_address(const struct csv *csv, int column, uint8_t cell_bit, uint8_t *mask,
                         struct label_endpoint *endpoint, struct error *error)
{
    const char *text = cell(csv, column);
    uint8_t bytes[16] = {0};

    if (!text)
        return 0;
    if (inet_pton(AF_INET, text, bytes) == 1)
        endpoint->version = 4;
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        endpoint->version = 6;
    else
        return csv_fault(csv, (uint32_t)column, "not an IPv4 or IPv6 address", error);
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

static int parse_mac(const struct csv *csv, int column, uint8_t cell_bit, uint8_t *mask,
                     uint64_t *mac, struct error *error)
{
    const char *text = cell(csv, column);

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
        return csv_fault(csv, (uint32_t)column, "not a MAC address (01:23:45:67:89:ab)", error);
    *mask |= cell_bit;
    return 0;
}

int label_row_parse(struct label_row *row, const struct label_columns *columns,
                    const struct csv *csv, struct error *error)
{
    struct label_key *key = &row->key;
    uint64_t protocol, source_port, destination_port;

    memset(row, 0, sizeof(*row));
    row->end = UINT64_MAX;
    int err = parse_time(csv, columns->start, &row->start, error);
    if (!err)
        err = parse_time(csv, columns->end, &row->end, error);
    if (!err)
        err =
            parse_small(csv, columns->protocol, 255, LABEL_PROTOCOL, &key->mask, &protocol, error);
    if (!err)
        err = parse_address(csv, columns->source, LABEL_SOURCE, &key->mask, &key->source, error);
    if (!err)
        err = parse_address(csv, columns->destination, LABEL_DESTINATION, &key->mask,
                            &key->destination, error);
    if (!err)
        err = parse_small(csv, columns->source_port, 65535, LABEL_SOURCE_PORT, &key->mask,
                          &source_port, error);
    if (!err)
        err = parse_small(csv, columns->destination_port, 65535, LABEL_DESTINATION_PORT, &key->mask,
                          &destination_port, error);
    if (!err)
        err = parse_mac(csv, columns->source_mac, LABEL_SOURCE_MAC, &key->mask, &key->source.mac,
                        error);
    if (!err)
        err = parse_mac(csv, columns->destination_mac, LABEL_DESTINATION_MAC, &key->mask,
                        &key->destination.mac, error);
    if (err)
        return err;
    key->protocol = (uint8_t)protocol;
    key->source.port = (uint16_t)source_port;
    key->destination.port = (uint16_t)destination_port;
    return 0;
}
