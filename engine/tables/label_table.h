// SPDX-License-Identifier: BSD-2-Clause
/* The flow table of labels.h: rows with wildcards, found by hash.
 *
 * Rows are filed by which cells they fill (at most 128 such masks, few in use) and by what stands
 * in them. A packet is looked up once per mask in use and way round; rows that share all cells but
 * the times are walked in the file's order. */
#ifndef AFXDP_LABEL_TABLE_H
#define AFXDP_LABEL_TABLE_H

#include "csv.h"
#include "packet.h"
#include "port.h"

enum label_cell {
    LABEL_PROTOCOL = 1 << 0,
    LABEL_SOURCE = 1 << 1,
    LABEL_DESTINATION = 1 << 2,
    LABEL_SOURCE_PORT = 1 << 3,
    LABEL_DESTINATION_PORT = 1 << 4,
    LABEL_SOURCE_MAC = 1 << 5,
    LABEL_DESTINATION_MAC = 1 << 6,
    LABEL_MASKS = 1 << 7,
};

struct label_endpoint {
    uint64_t address[2]; /* as in struct packet */
    uint64_t mac;        /* 48 bits */
    uint16_t port;
    uint8_t version; /* of the address: 4, 6; 0 where there is none */
    uint8_t zero[5];
};

/* What a row fills in and what a packet has; unfilled cells are 0. */
struct label_key {
    struct label_endpoint source;
    struct label_endpoint destination;
    uint8_t protocol;
    uint8_t mask; /* enum label_cell */
    uint8_t zero[6];
};

_Static_assert(sizeof(struct label_key) == 72, "keys are compared and hashed as bytes");

struct label_row {
    struct label_key key;
    uint64_t start; /* ns, both included */
    uint64_t end;
    uint32_t name; /* the caller's number of the label */
    uint32_t next; /* row + 1 in the same chain, 0 at its end */
};

/* Column numbers, -1 where the file has no such column. */
struct label_columns {
    int start, end, protocol, source, destination, source_port, destination_port, source_mac,
        destination_mac;
    uint32_t label;
};

/* -EINVAL for a missing label column and for columns that mean nothing here. */
int label_columns_find(struct label_columns *columns, const struct csv *csv, struct error *error);

/* Parses the row in hand, but for its label. */
int label_row_parse(struct label_row *row, const struct label_columns *columns,
                    const struct csv *csv, struct error *error);

struct label_table;

int label_table_new(struct label_table **out, struct error *error);
int label_table_add(struct label_table *table, const struct label_row *row, struct error *error);
/* Files the rows; call it after the last one was added. */
int label_table_index(struct label_table *table, struct error *error);
/* The first row that matches, or NULL. */
const struct label_row *label_table_find(const struct label_table *table, const struct frame *frame,
                                         const struct packet *packet);
void label_table_free(struct label_table *table); /* takes NULL */

#endif
