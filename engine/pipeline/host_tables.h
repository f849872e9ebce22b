// SPDX-License-Identifier: BSD-2-Clause
/* The host memory in user space: the tables of host_memory.h in anonymous memory. One for all
 * workers; any number of threads read and change its cells at once. */
#ifndef AFXDP_HOST_TABLES_H
#define AFXDP_HOST_TABLES_H

#include "host_memory.h"
#include "host_pass.h"
#include "table_memory.h"

struct host_tables {
    struct host_initiator *initiators; /* [rows × cells], as all four */
    struct host_responder *responders;
    struct host_pair *pairs;
    struct host_service *services;
    uint32_t cells; /* of a row, a power of two */
    uint32_t rows;
    const struct host_pass *pass; /* the fastest on this CPU */
    struct host_seed seed;
    struct table_memory memory;
};

struct host_tables_options {
    uint32_t cells;  /* of each row of each table, HOST_CELLS_LEAST..HOST_CELLS_MOST; rounded up to
                      * a power of two */
    uint32_t rows;   /* 1 or 2 */
    bool ready;      /* all memory is there before the first packet; else as cells are touched */
    bool fixed_seed; /* else the seed is random: nobody can choose hosts that share a cell */
    uint64_t seed;
};

#define HOST_TABLES_OPTIONS_DEFAULT                                                                \
    {                                                                                              \
        .cells = HOST_CELLS_DEFAULT, .rows = 1                                                     \
    }

/* Maps and empties the tables. -EINVAL for options out of range, -ENOMEM. */
int host_tables_new(struct host_tables **out, const struct host_tables_options *options,
                    struct error *error);

/* What they take, in bytes. */
size_t host_tables_bytes(const struct host_tables_options *options);

#define HOST_TABLES_HELP                                                                           \
    "cells of the host memory, 1024 to 4194304, and rows of them, 1\n"                             \
    "or 2; only feature set 2 has one"

/* The value of an option, CELLS or CELLS:ROWS, into `options`. -EINVAL. */
int host_tables_parse(struct host_tables_options *options, const char *text, struct error *error);

/* Initiators that began flows in the window of `now` (ns) or the one before, as far as they don't
 * share a cell: estimated from about `most` cells where there are more. Any thread. */
uint64_t host_tables_count(const struct host_tables *tables, uint64_t now, uint32_t most);

void host_tables_free(struct host_tables *tables); /* takes NULL */

/* A flow's cells in a row. */
ALWAYS_INLINE struct host_cells host_tables_cells(const struct host_tables *tables,
                                                  const struct host_numbers *numbers, uint32_t row)
{
    uint32_t cells = tables->cells;

    return (struct host_cells){
        .initiator = &tables->initiators[host_place(numbers->initiator, row, cells)],
        .responder = &tables->responders[host_place(numbers->responder, row, cells)],
        .pair = &tables->pairs[host_place(numbers->pair, row, cells)],
        .service = &tables->services[host_place(numbers->service, row, cells)]};
}

/* Begins to fetch them. */
ALWAYS_INLINE void host_tables_prefetch(const struct host_tables *tables,
                                        const struct host_numbers *numbers, uint32_t row)
{
    const struct host_cells cells = host_tables_cells(tables, numbers, row);

    __builtin_prefetch(cells.initiator);
    __builtin_prefetch(cells.responder);
    __builtin_prefetch(cells.pair);
    __builtin_prefetch(cells.service);
}

#endif
