// SPDX-License-Identifier: BSD-2-Clause
#include "memory_port.h"

#include <errno.h>
#include <stdlib.h>

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct memory_port *memory = (struct memory_port *)port;
    uint32_t count = memory->count - memory->next;

    if (count == 0)
        return memory->end;
    if (memory->most == 0) {
        memory->random = memory->random * 1664525 + 1013904223;
        uint32_t some = 1 + (memory->random >> 16) % BURST_MAX;
        most = some < most ? some : most;
    } else if (memory->most < most) {
        most = memory->most;
    }
    count = count < most ? count : most;
    for (uint32_t i = 0; i < count; i++)
        frames[i] = memory->frames[memory->next++];
    return (int)count;
}

static uint32_t send_frames(struct port *port, const struct frame *frames, uint32_t count)
{
    struct memory_port *memory = (struct memory_port *)port;

    count = count < memory->capacity ? count : memory->capacity;
    for (uint32_t i = 0; i < count; i++) {
        memory->sent[frames[i].handle]++;
        memory->sent_order[memory->sent_count++] = frames[i].handle;
    }
    return count;
}

static void release(struct port *port, const struct frame *frames, uint32_t count)
{
    struct memory_port *memory = (struct memory_port *)port;

    for (uint32_t i = 0; i < count; i++)
        memory->given_back[frames[i].handle]++;
}

static void flush(struct port *port)
{
    ((struct memory_port *)port)->flushes++;
}

struct memory_port *memory_port_new(void)
{
    static const struct port_operations operations = {receive, send_frames, release, flush};
    struct memory_port *memory = calloc(1, sizeof(*memory));

    if (!memory)
        abort();
    memory->port.operations = &operations;
    memory->most = BURST_MAX;
    memory->capacity = BURST_MAX;
    memory->end = -ENODATA;
    memory->random = 1;
    return memory;
}

void memory_port_add(struct memory_port *port, const struct test_packet *packet)
{
    if (port->count == MEMORY_PORT_FRAMES)
        abort();
    port->frames[port->count] = test_frame(port->bytes[port->count], packet, port->count);
    port->count++;
}
