// SPDX-License-Identifier: BSD-2-Clause
#include "synthetic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"

struct synthetic {
    struct port port;
    struct synthetic_options options;
    struct synthetic_mix mix;
    uint64_t next;
    uint32_t header_sum;
    uint32_t zipf[SYNTHETIC_PARTS + 1];
    uint8_t *frames; /* BURST_MAX of them */
};

/* All but what synthetic_vary fills in. Returns the sum over the IP header. */
static uint32_t write_template(const struct synthetic_options *options, uint8_t *frame)
{
    uint8_t *ip = frame + 14;
    uint32_t sum = 0;

    memset(frame, 0, options->length);
    memcpy(frame, options->to, 6);
    memcpy(frame + 6, options->from, 6);
    synthetic_store16(frame + 12, 0x0800);
    ip[0] = 0x45;
    synthetic_store16(ip + 2, options->length - 14);
    ip[8] = 64;
    ip[9] = 17;
    synthetic_store16(ip + 24, options->length - 34); /* UDP; a checksum of 0 means none */
    for (uint32_t i = SYNTHETIC_STAMP; i < options->length; i++)
        frame[i] = (uint8_t)i;
    for (int i = 0; i < 20; i += 2)
        sum += load_be16(ip + i);
    return sum;
}

void synthetic_write(const struct synthetic_options *options, uint64_t number, uint8_t *frame)
{
    uint32_t sum = write_template(options, frame);
    struct synthetic_mix mix = synthetic_mix(options);

    mix.order = SYNTHETIC_TURN;
    mix.syn_flood = 0;
    synthetic_vary(frame, number, &mix, NULL, sum);
}

struct synthetic_mix synthetic_mix(const struct synthetic_options *options)
{
    return (struct synthetic_mix){.flows = options->flows,
                                  .length = options->length,
                                  .order = (uint32_t)options->order,
                                  .syn_flood = options->syn_flood,
                                  .both_ways = options->both_ways};
}

void synthetic_zipf(const struct synthetic_mix *mix, uint32_t *zipf)
{
    double all = 0, before = 0;
    uint32_t part = 0;

    for (uint32_t flow = mix->flows; flow > 0; flow--) /* the small ones first: nothing is lost */
        all += 1.0 / flow;
    for (uint32_t flow = 0; flow < mix->flows && part < SYNTHETIC_PARTS; flow++) {
        before += 1.0 / (flow + 1);
        while (part < SYNTHETIC_PARTS && part * all < before * SYNTHETIC_PARTS)
            zipf[part++] = flow;
    }
    while (part < SYNTHETIC_PARTS) /* what rounding left */
        zipf[part++] = mix->flows - 1;
    zipf[SYNTHETIC_PARTS] = mix->flows;
}

static int synthetic_receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct synthetic *s = (struct synthetic *)port;
    uint64_t left = s->options.count - s->next;
    uint32_t count = left < most ? (uint32_t)left : most;

    if (count == 0)
        return -ENODATA;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *data = s->frames + (size_t)i * s->options.length;

        synthetic_vary(data, s->next++, &s->mix, s->zipf, s->header_sum);
        if (s->options.stamps) {
            uint64_t now = monotonic_ns();
            memcpy(data + SYNTHETIC_STAMP, &now, sizeof(now));
        }
        frames[i] = (struct frame){.data = data,
                                   .length = s->options.length,
                                   .wire_length = s->options.length,
                                   .link = LINK_ETHERNET};
    }
    return (int)count;
}

static const struct port_operations synthetic_operations = {.receive = synthetic_receive};

int synthetic_new(struct synthetic **out, const struct synthetic_options *options)
{
    struct synthetic *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    s->port.operations = &synthetic_operations;
    s->options = *options;
    s->mix = synthetic_mix(options);
    synthetic_zipf(&s->mix, s->zipf);
    s->frames = malloc((size_t)BURST_MAX * options->length);
    if (!s->frames) {
        free(s);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < BURST_MAX; i++)
        s->header_sum = write_template(options, s->frames + (size_t)i * options->length);
    *out = s;
    return 0;
}

struct port *synthetic_port(struct synthetic *s)
{
    return &s->port;
}

void synthetic_free(struct synthetic *s)
{
    if (!s)
        return;
    free(s->frames);
    free(s);
}
