// SPDX-License-Identifier: BSD-2-Clause
/* The flow table of labels.h: rows with wildcards, found by hash.
 *
 * Rows are filed by which cells they fill (at most 128 such masks, few in use) and by what stands
 * in them. A packet is looked up once per mask in use and way round; among rows that share all
 * cells but the times, the first that holds is found in O(log n). */
#ifndef AFXDP_LABEL_TABLE_H
#define AFXDP_LABEL_TABLE_H

#include "error.h"
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
    int64_t start; /* ns since 1970, both included */
    int64_t end;
    uint32_t name; /* the caller's number of the label */
};

struct label_table;

int label_table_new(struct label_table **out, struct error *error);
int label_table_add(struct label_table *table, const struct label_row *row, struct error *error);

/* Files the rows; call it after the last one was added. */
int label_table_index(struct label_table *table, struct error *error);

/* The name of the first row that matches; false where none does. Both are remembered. */
bool label_table_find(struct label_table *table, const struct frame *frame,
                      const struct packet *packet, uint32_t *name);

struct label_shift {
    int64_t offset; /* ns that the rows' times would have to move by */
    double share;   /* of the packets without a row that would then have one */
};

/* Rows that were the first to match no packet, among all. */
uint32_t label_table_rows(const struct label_table *table);
uint32_t label_table_unmatched(const struct label_table *table);

/* The offset by which most of the packets without a row would have one: quarters of an hour are
 * tried, and what single packets lack. */
struct label_shift label_table_best_shift(const struct label_table *table);

void label_table_free(struct label_table *table); /* takes NULL */

#endif
