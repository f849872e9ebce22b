// SPDX-License-Identifier: BSD-2-Clause
#include "listed_port.h"

#include "link_layer.h"

static struct listed_port *of(struct port *port)
{
    return (struct listed_port *)port;
}

static const union prefix_element *at(const void *set, uint32_t place)
{
    return (const union prefix_element *)set + place;
}

static enum listed say(const struct listed_port *listed, const struct frame *frame)
{
    struct packet packet = {.version = 0};
    struct address_pair pair;

    if (link_parse(frame, &packet) == PACKET_OTHER || !address_pair_of(&pair, &packet))
        return LISTED_NOWHERE;
    return address_lists_say(listed->set[LIST_ALLOW], listed->set[LIST_DENY], at, &pair);
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct listed_port *listed = of(port);
    int received = listed->in->operations->receive(listed->in, frames, most);
    int kept = 0;

    for (int i = 0; i < received; i++) {
        enum listed what = say(listed, &frames[i]);

        if (what == LISTED_NOWHERE) {
            frames[kept++] = frames[i];
            continue;
        }
        listed->allowed += what == LISTED_ALLOWED;
        listed->denied += what == LISTED_DENIED;
        listed->in->operations->release(listed->in, &frames[i], 1);
    }
    return received < 0 ? received : kept;
}

static uint32_t send(struct port *port, const struct frame *frames, uint32_t count)
{
    return of(port)->in->operations->send(of(port)->in, frames, count);
}

static void release(struct port *port, const struct frame *frames, uint32_t count)
{
    of(port)->in->operations->release(of(port)->in, frames, count);
}

static void flush(struct port *port)
{
    of(port)->in->operations->flush(of(port)->in);
}

void listed_port_init(struct listed_port *listed, struct port *in)
{
    static const struct port_operations operations = {receive, send, release, flush};

    *listed = (struct listed_port){.port = {&operations}, .in = in};
}
