// SPDX-License-Identifier: BSD-2-Clause
#include "label_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct label_table {
    struct label_row *rows;
    uint32_t count;
    uint32_t capacity;
    uint32_t *heads; /* row + 1 of each chain's first, 0 where it is empty */
    uint32_t head_count;
    uint8_t masks[LABEL_MASKS]; /* those in use */
    uint32_t mask_count;
};

/* Only what the mask names. */
static struct label_key masked(const struct label_key *from, uint8_t mask)
{
    struct label_key key = {.mask = mask};

    if (mask & LABEL_PROTOCOL)
        key.protocol = from->protocol;
    if (mask & LABEL_SOURCE) {
        memcpy(key.source.address, from->source.address, sizeof(key.source.address));
        key.source.version = from->source.version;
    }
    if (mask & LABEL_DESTINATION) {
        memcpy(key.destination.address, from->destination.address, sizeof(key.destination.address));
        key.destination.version = from->destination.version;
    }
    if (mask & LABEL_SOURCE_PORT)
        key.source.port = from->source.port;
    if (mask & LABEL_DESTINATION_PORT)
        key.destination.port = from->destination.port;
    if (mask & LABEL_SOURCE_MAC)
        key.source.mac = from->source.mac;
    if (mask & LABEL_DESTINATION_MAC)
        key.destination.mac = from->destination.mac;
    return key;
}

/* FNV-1a. */
static uint32_t hash_key(const struct label_key *key)
{
    const uint8_t *bytes = (const uint8_t *)key;
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < sizeof(*key); i++)
        hash = (hash ^ bytes[i]) * 16777619;
    return hash;
}

int label_table_new(struct label_table **out, struct error *error)
{
    struct label_table *table = calloc(1, sizeof(*table));

    if (!table)
        return error_set(error, -ENOMEM, "no memory for a label table");
    *out = table;
    return 0;
}

int label_table_add(struct label_table *table, const struct label_row *row, struct error *error)
{
    if (table->count == table->capacity) {
        uint32_t wanted = table->capacity ? table->capacity * 2 : 1024;
        void *grown = NULL;

        if (wanted <= UINT32_MAX / 2)
            grown = reallocarray(table->rows, wanted, sizeof(*table->rows));
        if (!grown)
            return error_set(error, -ENOMEM, "no memory for %u label rows", wanted);
        table->rows = grown;
        table->capacity = wanted;
    }
    table->rows[table->count++] = *row;
    return 0;
}

int label_table_index(struct label_table *table, struct error *error)
{
    bool used[LABEL_MASKS] = {false};

    table->head_count = 1024;
    while (table->head_count < table->count)
        table->head_count *= 2;
    table->heads = calloc(table->head_count, sizeof(*table->heads));
    if (!table->heads)
        return error_set(error, -ENOMEM, "no memory for %u label rows", table->count);
    for (uint32_t i = table->count; i-- > 0;) { /* from the last on: chains are in file order */
        struct label_row *row = &table->rows[i];
        struct label_key key = masked(&row->key, row->key.mask);
        uint32_t *head = &table->heads[hash_key(&key) & (table->head_count - 1)];

        row->key = key;
        row->next = *head;
        *head = i + 1;
        if (!used[key.mask])
            table->masks[table->mask_count++] = key.mask;
        used[key.mask] = true;
    }
    return 0;
}

static uint64_t load_mac(const uint8_t *bytes)
{
    uint64_t mac = 0;

    for (int i = 0; i < 6; i++)
        mac = mac << 8 | bytes[i];
    return mac;
}

/* Returns the cells that the packet can match: without Ethernet there are no MAC addresses. */
static uint8_t packet_key(const struct frame *frame, const struct packet *packet,
                          struct label_key *key)
{
    key->protocol = packet->protocol;
    key->source = (struct label_endpoint){.address = {packet->source[0], packet->source[1]},
                                          .port = packet->source_port,
                                          .version = packet->version};
    key->destination =
        (struct label_endpoint){.address = {packet->destination[0], packet->destination[1]},
                                .port = packet->destination_port,
                                .version = packet->version};
    if (frame->link != LINK_ETHERNET)
        return LABEL_MASKS - 1 - LABEL_SOURCE_MAC - LABEL_DESTINATION_MAC;
    key->destination.mac = load_mac(frame->data);
    key->source.mac = load_mac(frame->data + 6);
    return LABEL_MASKS - 1;
}

/* The first row of the key's chain that matches at that time, if it comes before row `best`. */
static uint32_t find_in_chain(const struct label_table *table, const struct label_key *key,
                              uint64_t time, uint32_t best)
{
    uint32_t next = table->heads[hash_key(key) & (table->head_count - 1)];

    while (next != 0 && next - 1 < best) {
        const struct label_row *row = &table->rows[next - 1];

        if (row->start <= time && time <= row->end && memcmp(&row->key, key, sizeof(*key)) == 0)
            return next - 1;
        next = row->next;
    }
    return best;
}

const struct label_row *label_table_find(const struct label_table *table, const struct frame *frame,
                                         const struct packet *packet)
{
    struct label_key one_way = {0};
    uint8_t cells = packet_key(frame, packet, &one_way);
    uint32_t best = table->count;

    struct label_key other_way = one_way;
    other_way.source = one_way.destination;
    other_way.destination = one_way.source;
    for (uint32_t i = 0; i < table->mask_count; i++) {
        uint8_t mask = table->masks[i];
        if (mask & ~cells)
            continue;
        struct label_key key = masked(&one_way, mask);
        best = find_in_chain(table, &key, frame->time, best);
        key = masked(&other_way, mask);
        best = find_in_chain(table, &key, frame->time, best);
    }
    return best < table->count ? &table->rows[best] : NULL;
}

void label_table_free(struct label_table *table)
{
    if (!table)
        return;
    free(table->rows);
    free(table->heads);
    free(table);
}
