// SPDX-License-Identifier: BSD-2-Clause
#include "label_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "label_spans_private.h"

/* Rows that share all cells but the times. */
struct group {
    struct label_key key;
    uint32_t next;  /* group + 1 in the same chain, 0 at its end */
    uint32_t count; /* of rows, while they are sorted by group */
    size_t span_count;
    struct label_span *spans;
};

/* A packet that no row matched. */
struct miss {
    struct label_key key;
    uint8_t cells;
    int64_t time;
};

enum { MISSES_MAX = 1024 };

struct label_table {
    struct label_row *rows;
    struct label_times *times; /* of the rows, once they are filed */
    bool *seen;
    uint32_t count;
    uint32_t capacity;
    struct group *groups;
    uint32_t group_count;
    uint32_t *heads; /* group + 1 of each chain's first, 0 where it is empty */
    uint32_t head_count;
    uint8_t masks[LABEL_MASKS]; /* those in use */
    uint32_t mask_count;
    uint64_t missed;
    uint64_t stride; /* every so manieth packet that was missed is kept */
    uint32_t miss_count;
    struct miss misses[MISSES_MAX];
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
    table->stride = 1;
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

static uint32_t find_group(const struct label_table *table, const struct label_key *key)
{
    uint32_t next = table->heads[hash_key(key) & (table->head_count - 1)];

    while (next != 0 && memcmp(&table->groups[next - 1].key, key, sizeof(*key)) != 0)
        next = table->groups[next - 1].next;
    return next;
}

/* The row's group, made where it is the first of it. */
static uint32_t group_of(struct label_table *table, struct label_row *row, bool used[LABEL_MASKS])
{
    row->key = masked(&row->key, row->key.mask);
    uint32_t found = find_group(table, &row->key);
    if (found == 0) {
        uint32_t *head = &table->heads[hash_key(&row->key) & (table->head_count - 1)];

        table->groups[table->group_count] = (struct group){.key = row->key, .next = *head};
        *head = found = ++table->group_count;
        if (!used[row->key.mask])
            table->masks[table->mask_count++] = row->key.mask;
        used[row->key.mask] = true;
    }
    table->groups[found - 1].count++;
    return found - 1;
}

/* The numbers of the rows, sorted by group and then as in the file, then each group's spans. */
static int make_spans(struct label_table *table, const uint32_t *group, uint32_t *sorted)
{
    uint32_t begin = 0;

    for (uint32_t g = 0; g < table->group_count; g++) {
        uint32_t count = table->groups[g].count;

        table->groups[g].count = begin; /* from here on: where its next row goes */
        begin += count;
    }
    for (uint32_t i = 0; i < table->count; i++)
        sorted[table->groups[group[i]].count++] = i;
    begin = 0;
    for (uint32_t g = 0; g < table->group_count; g++) {
        struct group *each = &table->groups[g];
        ptrdiff_t made =
            label_spans_make(&each->spans, table->times, sorted + begin, each->count - begin);

        if (made < 0)
            return (int)made;
        each->span_count = (size_t)made;
        begin = each->count;
    }
    return 0;
}

int label_table_index(struct label_table *table, struct error *error)
{
    bool used[LABEL_MASKS] = {false};
    size_t room = (size_t)table->count + 1;
    uint32_t *group = calloc(room, sizeof(*group));
    uint32_t *sorted = calloc(room, sizeof(*sorted));
    int err = -ENOMEM;

    table->head_count = 1024;
    while (table->head_count < table->count)
        table->head_count *= 2;
    table->heads = calloc(table->head_count, sizeof(*table->heads));
    table->groups = calloc(room, sizeof(*table->groups));
    table->times = calloc(room, sizeof(*table->times));
    table->seen = calloc(room, sizeof(*table->seen));
    if (!group || !sorted || !table->heads || !table->groups || !table->times || !table->seen)
        goto out;
    for (uint32_t i = 0; i < table->count; i++) {
        table->times[i] = (struct label_times){table->rows[i].start, table->rows[i].end};
        group[i] = group_of(table, &table->rows[i], used);
    }
    err = make_spans(table, group, sorted);
out:
    free(group);
    free(sorted);
    if (err)
        return error_set(error, err, "no memory for %u label rows", table->count);
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
    bool four = packet->version == 4; /* the rest is no address: see tunnel_mark */

    key->protocol = packet->protocol;
    key->source =
        (struct label_endpoint){.address = {packet->source[0], four ? 0 : packet->source[1]},
                                .port = packet->source_port,
                                .version = packet->version};
    key->destination = (struct label_endpoint){
        .address = {packet->destination[0], four ? 0 : packet->destination[1]},
        .port = packet->destination_port,
        .version = packet->version};
    if (frame->link != LINK_ETHERNET)
        return LABEL_MASKS - 1 - LABEL_SOURCE_MAC - LABEL_DESTINATION_MAC;
    key->destination.mac = load_mac(frame->data);
    key->source.mac = load_mac(frame->data + 6);
    return LABEL_MASKS - 1;
}

/* The first row of the key's group that holds at that time, LABEL_NO_ROW where there is none. */
static uint32_t find_in_group(const struct label_table *table, const struct label_key *key,
                              int64_t time)
{
    uint32_t group = find_group(table, key);

    if (group == 0)
        return LABEL_NO_ROW;
    const struct label_span *span =
        label_spans_find(table->groups[group - 1].spans, table->groups[group - 1].span_count, time);
    return span ? span->row : LABEL_NO_ROW;
}

static struct label_key turned(const struct label_key *key)
{
    struct label_key other_way = *key;

    other_way.source = key->destination;
    other_way.destination = key->source;
    return other_way;
}

/* The first row that matches a packet with that key either way round. */
static uint32_t find_row(const struct label_table *table, const struct label_key *one_way,
                         uint8_t cells, int64_t time)
{
    const struct label_key ways[] = {*one_way, turned(one_way)};
    uint32_t best = LABEL_NO_ROW;

    for (uint32_t i = 0; i < table->mask_count; i++) {
        uint8_t mask = table->masks[i];

        for (int way = 0; way < 2 && !(mask & ~cells); way++) {
            struct label_key key = masked(&ways[way], mask);
            uint32_t row = find_in_group(table, &key, time);

            best = row < best ? row : best;
        }
    }
    return best;
}

/* Keeps some of them, evenly over the capture. */
static void miss(struct label_table *table, const struct label_key *key, uint8_t cells,
                 int64_t time)
{
    if (table->missed++ % table->stride)
        return;
    if (table->miss_count == MISSES_MAX) {
        table->miss_count /= 2;
        table->stride *= 2;
        for (uint32_t i = 0; i < table->miss_count; i++)
            table->misses[i] = table->misses[2 * i];
        if ((table->missed - 1) % table->stride)
            return;
    }
    table->misses[table->miss_count++] = (struct miss){*key, cells, time};
}

bool label_table_find(struct label_table *table, const struct frame *frame,
                      const struct packet *packet, uint32_t *name)
{
    struct label_key key = {0};
    uint8_t cells = packet_key(frame, packet, &key);
    uint32_t row = find_row(table, &key, cells, (int64_t)frame->time);

    if (row == LABEL_NO_ROW) {
        miss(table, &key, cells, (int64_t)frame->time);
        return false;
    }
    table->seen[row] = true;
    *name = table->rows[row].name;
    return true;
}

uint32_t label_table_rows(const struct label_table *table)
{
    return table->count;
}

uint32_t label_table_unmatched(const struct label_table *table)
{
    uint32_t unmatched = 0;

    for (uint32_t i = 0; i < table->count; i++)
        unmatched += !table->seen[i];
    return unmatched;
}

static const int64_t second = 1000000000;

/* How long the packet would have to wait for a row of its group to hold, in whole seconds as far as
 * they reach; 0 where no row could. */
static int64_t lack_of(const struct label_table *table, const struct miss *each)
{
    for (uint32_t i = 0; i < table->mask_count; i++) {
        if (table->masks[i] & ~each->cells)
            continue;
        const struct label_key ways[] = {each->key, turned(&each->key)};
        for (int way = 0; way < 2; way++) {
            struct label_key key = masked(&ways[way], table->masks[i]);
            uint32_t found = find_group(table, &key);

            if (found == 0 || table->groups[found - 1].span_count == 0)
                continue;
            const struct label_span *first = table->groups[found - 1].spans;
            if (first->from == INT64_MIN)
                continue;
            int64_t lack = first->from - each->time;
            return lack - lack % second + (lack % second > 0 ? second : 0);
        }
    }
    return 0;
}

static void try_shift(const struct label_table *table, int64_t offset, struct label_shift *best)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < table->miss_count; i++)
        found += find_row(table, &table->misses[i].key, table->misses[i].cells,
                          table->misses[i].time + offset) != LABEL_NO_ROW;
    double share = table->miss_count ? (double)found / table->miss_count : 0;
    if (share > best->share)
        *best = (struct label_shift){-offset, share};
}

struct label_shift label_table_best_shift(const struct label_table *table)
{
    enum { QUARTERS = 14 * 4, PACKETS = 64 };
    struct label_shift best = {0, 0};

    for (int64_t quarter = 1; quarter <= QUARTERS; quarter++) {
        try_shift(table, quarter * 900 * second, &best);
        try_shift(table, -quarter * 900 * second, &best);
    }
    for (uint32_t i = 0; i < PACKETS && i < table->miss_count; i++)
        try_shift(
            table,
            lack_of(table,
                    &table->misses[i * (uint64_t)table->miss_count / PACKETS % table->miss_count]),
            &best);
    return best;
}

void label_table_free(struct label_table *table)
{
    if (!table)
        return;
    for (uint32_t g = 0; g < table->group_count; g++)
        free(table->groups[g].spans);
    free(table->groups);
    free(table->rows);
    free(table->times);
    free(table->seen);
    free(table->heads);
    free(table);
}
