// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

/* As its counters: those beyond what an interface has are one. */
static uint32_t queue_of(const struct kernel *kernel, const struct path_record *record)
{
    uint32_t last = path_queues(kernel->model.path) - 1;

    return record->trace.queue < last ? record->trace.queue : last;
}

/* In the writer's thread. libbpf stops behind a record for which this isn't 0. */
static int add_row(void *context, void *data, size_t size)
{
    const struct path_record *record = data;
    struct kernel *kernel = context;

    if (size >= sizeof(*record)) {
        const struct verdict_record row = {
            .index = kernel->row[queue_of(kernel, record)]++,
            .time = record->time,
            .key = record->key,
            .confidence = record->confidence,
            .queue = (uint16_t)record->trace.queue,
            .slot = record->slot,
            .action = record->action,
            .classified = record->classified,
            .from_low = record->from_low,
        };

        verdict_stream_add(kernel->filling, &row);
    }
    return verdict_stream_has_room(kernel->filling) ? 0 : -ENOSPC;
}

static void pull_rows(void *context, struct verdict_stream *stream)
{
    struct kernel *kernel = context;

    kernel->filling = stream;
    if (verdict_stream_has_room(stream))
        (void)ring_buffer__consume(kernel->records);
}

int kernel_verdicts_open(struct kernel *kernel, struct error *error)
{
    const struct verdict_source source = {pull_rows, kernel};

    if (!kernel->base.config->verdicts)
        return 0;
    kernel->records = ring_buffer__new(path_records_fd(kernel->model.path), add_row, kernel, NULL);
    if (!kernel->records)
        return error_set(error, -errno, "no ring for the verdicts (kernel 5.8): %s",
                         strerror(errno));
    kernel->row = calloc(path_queues(kernel->model.path), sizeof(*kernel->row));
    if (!kernel->row)
        return error_set(error, -ENOMEM, "no memory to write verdicts");
    return verdicts_open(&kernel->verdicts, &kernel->base, kernel->nics.queues, &source, error);
}

int kernel_verdicts_close(struct kernel *kernel, struct error *error)
{
    struct path_counters counters = {.unrecorded = 0};

    if (kernel->model.path)
        path_totals(kernel->model.path, &counters);
    return verdicts_close(&kernel->verdicts, counters.unrecorded, error);
}
