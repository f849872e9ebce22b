// SPDX-License-Identifier: BSD-2-Clause
#include "flow_numbers.h"

#include <errno.h>
#include <stdlib.h>

struct flow_numbers {
    struct port port; /* first: the pipeline knows only it */
    struct port *in;
    const struct flow_table *table;
    uint64_t begun;
    uint64_t *number; /* [capacity of the table]: of the flow in each way of each bucket */
};

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct port *in = ((struct flow_numbers *)port)->in;

    return in->operations->receive(in, frames, most > 1 ? 1 : most);
}

static uint32_t send(struct port *port, const struct frame *frames, uint32_t count)
{
    struct port *in = ((struct flow_numbers *)port)->in;

    return in->operations->send(in, frames, count);
}

static void release(struct port *port, const struct frame *frames, uint32_t count)
{
    struct port *in = ((struct flow_numbers *)port)->in;

    in->operations->release(in, frames, count);
}

static void flush(struct port *port)
{
    struct port *in = ((struct flow_numbers *)port)->in;

    in->operations->flush(in);
}

int flow_numbers_new(struct flow_numbers **out, struct port *in, const struct flow_table *table,
                     struct error *error)
{
    static const struct port_operations operations = {receive, send, release, flush};
    struct flow_numbers *numbers = calloc(1, sizeof(*numbers));

    if (numbers)
        numbers->number = calloc(flow_table_capacity(table), sizeof(*numbers->number));
    if (!numbers || !numbers->number) {
        free(numbers);
        return error_set(error, -ENOMEM, "no memory for the numbers of flows");
    }
    numbers->port.operations = &operations;
    numbers->in = in;
    numbers->table = table;
    *out = numbers;
    return 0;
}

struct port *flow_numbers_port(struct flow_numbers *numbers)
{
    return &numbers->port;
}

struct flow_place flow_numbers_place(struct flow_numbers *numbers, const struct burst *burst)
{
    const struct flow_bucket *bucket = burst->buckets[0];
    uint32_t way = 0;

    /* It is there: the pipeline has just counted the packet in it. */
    while (way < FLOW_WAYS - 1 && !flow_key_equal(&bucket->flow[way].key, &burst->keys[0]))
        way++;
    size_t slot = (size_t)(bucket - numbers->table->buckets) * FLOW_WAYS + way;
    uint64_t packet = bucket->flow[way].packets;
    if (packet == 1)
        numbers->number[slot] = numbers->begun++;
    return (struct flow_place){numbers->number[slot], packet};
}

void flow_numbers_free(struct flow_numbers *numbers)
{
    if (!numbers)
        return;
    free(numbers->number);
    free(numbers);
}
