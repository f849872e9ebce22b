// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "kernel.h"

/* In the writer's thread. libbpf stops behind a record for which this isn't 0. */
static int add_row(void *context, void *data, size_t size)
{
    const struct path_record *record = data;
    struct kernel *kernel = context;

    if (size >= sizeof(*record))
        verdict_stream_add(kernel->filling, kernel->rows++, record->slot, record->action,
                           record->classified, record->confidence);
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
    return verdicts_open(&kernel->verdicts, &kernel->base, kernel->nics.queues, &source, error);
}

int kernel_verdicts_close(struct kernel *kernel, struct error *error)
{
    struct path_counters counters = {.unrecorded = 0};

    if (kernel->model.path)
        path_totals(kernel->model.path, &counters);
    return verdicts_close(&kernel->verdicts, counters.unrecorded, error);
}
