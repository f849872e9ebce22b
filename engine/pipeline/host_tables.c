// SPDX-License-Identifier: BSD-2-Clause
#include "host_tables.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "cpu.h"

int host_tables_parse(struct host_tables_options *options, const char *text, struct error *error)
{
    char *end;
    unsigned long cells;
    unsigned long rows = 1;

    errno = 0;
    cells = strtoul(text, &end, 0);
    bool good = isdigit((unsigned char)*text);
    if (good && *end == ':') {
        good = isdigit((unsigned char)end[1]);
        rows = strtoul(end + 1, &end, 0);
    }
    if (!good || *end || errno || cells < HOST_CELLS_LEAST || cells > HOST_CELLS_MOST || rows < 1 ||
        rows > HOST_ROWS_MAX)
        return error_set(error, -EINVAL,
                         "--hosts '%.70s': CELLS or CELLS:ROWS, %d to %d of 1 or %d", text,
                         HOST_CELLS_LEAST, HOST_CELLS_MOST, HOST_ROWS_MAX);
    options->cells = (uint32_t)cells;
    options->rows = (uint32_t)rows;
    return 0;
}

static int check(const struct host_tables_options *options, struct error *error)
{
    if (options->cells < HOST_CELLS_LEAST || options->cells > HOST_CELLS_MOST)
        return error_set(error, -EINVAL, "a host memory of %u cells: allowed are %d to %d",
                         options->cells, HOST_CELLS_LEAST, HOST_CELLS_MOST);
    if (options->rows < 1 || options->rows > HOST_ROWS_MAX)
        return error_set(error, -EINVAL, "a host memory of %u rows: 1 or %d", options->rows,
                         HOST_ROWS_MAX);
    return 0;
}

size_t host_tables_bytes(const struct host_tables_options *options)
{
    const struct host_tables *tables = NULL;

    return (size_t)options->rows * host_cells_for(options->cells) *
           (sizeof(*tables->initiators) + sizeof(*tables->responders) + sizeof(*tables->pairs) +
            sizeof(*tables->services));
}

/* The largest cells first, so that each table begins at a cache line. */
static int map_tables(struct host_tables *tables, const struct host_tables_options *options,
                      struct error *error)
{
    size_t cells = (size_t)tables->rows * tables->cells;
    size_t size = host_tables_bytes(options);
    int err = table_memory_map(&tables->memory, size, options->ready);

    if (err)
        return error_set(error, err, "no memory for %u cells of hosts (%zu MiB): use --hosts",
                         tables->cells, size >> 20);
    tables->initiators = tables->memory.start;
    tables->responders = (void *)(tables->initiators + cells);
    tables->pairs = (void *)(tables->responders + cells);
    tables->services = (void *)(tables->pairs + cells);
    return 0;
}

int host_tables_new(struct host_tables **out, const struct host_tables_options *options,
                    struct error *error)
{
    uint64_t seed = 0;
    int err = check(options, error);

    if (err)
        return err;
    struct host_tables *tables = calloc(1, sizeof(*tables));
    if (!tables)
        return error_set(error, -ENOMEM, "no memory for tables of hosts");
    tables->rows = options->rows;
    tables->cells = host_cells_for(options->cells);
    tables->pass = host_pass_for(cpu_levels());
    err = table_seed(&seed, options->fixed_seed, options->seed, error);
    if (!err)
        err = map_tables(tables, options, error);
    if (err) {
        free(tables);
        return err;
    }
    host_seed_make(&tables->seed, seed);
    *out = tables;
    return 0;
}

void host_tables_free(struct host_tables *tables)
{
    if (!tables)
        return;
    table_memory_unmap(&tables->memory);
    free(tables);
}

uint64_t host_tables_count(const struct host_tables *tables, uint64_t now, uint32_t most)
{
    uint32_t step = (tables->cells + most - 1) / most;
    uint32_t window = host_window(now);
    uint64_t looked = 0;
    uint64_t found = 0;

    for (uint32_t i = 0; i < tables->cells; i += step, looked++) {
        const uint64_t *flows = tables->initiators[i].flows;

        found += host_word_value(flows, window) != 0 || host_word_value(flows, window - 1) != 0;
    }
    return looked ? (found * tables->cells + looked / 2) / looked : 0;
}
