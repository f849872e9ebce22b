// SPDX-License-Identifier: BSD-2-Clause
/* The engine over a packet source of one's own, which is asked for bursts and given them back. Here
 * the source makes up the SYNs of a scan; yours would read from what you have.
 *
 *     cc source.c $(pkg-config --cflags --libs afxdp-engine) -o source && ./source nn.q8 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <afxdp_engine.h>

enum { PACKETS = 1000, BURST = 64, CLASSES = 64 };

struct scan {
    uint32_t made;
    uint32_t of_class[CLASSES];
    uint8_t frames[BURST][54];
};

/* A burst of SYNs, each to another port of 10.0.0.2. */
static int receive(void *context, struct afxdp_frame *frames, uint32_t most)
{
    static const uint8_t syn[54] = {
        2, 0, 0,    0, 0,  1, 2, 0, 0,  0, 0,    2, 0x08, 0x00, 0x45, 0, 0,    40,
        0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0,    1, 10,   0,    0,    2, 0xc0, 0x01,
        0, 0, 0,    0, 0,  0, 0, 0, 0,  0, 0x50, 2, 4,    0,    0,    0, 0,    0,
    };
    struct scan *scan = context;
    uint32_t count = 0;

    if (scan->made == PACKETS)
        return -ENODATA; /* 0 would say: none now, ask again */
    while (count < most && scan->made < PACKETS) {
        uint8_t *bytes = memcpy(scan->frames[count], syn, sizeof(syn));

        bytes[36] = (uint8_t)(scan->made >> 8);
        bytes[37] = (uint8_t)scan->made;
        memset(&frames[count], 0, sizeof(frames[count]));
        frames[count].data = bytes;
        frames[count].length = sizeof(syn);
        frames[count].wire_length = sizeof(syn);
        frames[count++].time = scan->made++ * UINT64_C(250000); /* 4,000 packets a second */
    }
    return (int)count;
}

static void judged(void *context, const struct afxdp_frame *frames,
                   const struct afxdp_result *results, uint32_t count)
{
    struct scan *scan = context;

    (void)frames;
    for (uint32_t i = 0; i < count; i++) {
        if (results[i].outcome == AFXDP_CLASSIFIED)
            scan->of_class[results[i].verdict.class_index]++;
    }
}

int main(int count, char **arguments)
{
    static struct scan scan;
    struct afxdp_source source = {0};
    struct afxdp_error error = {"usage: source MODEL.q8"};
    struct afxdp_pipeline *pipeline = NULL;
    struct afxdp_config *config = NULL;
    struct afxdp_totals totals;
    int status = count == 2 ? afxdp_config_new(&config) : -EINVAL;

    source.receive = receive;
    source.judged = judged;
    source.context = &scan;
    if (status == 0)
        status = afxdp_config_set(config, "model", arguments[1], &error);
    if (status == 0)
        status = afxdp_pipeline_new(&pipeline, config, &source, &error);
    if (status != 0) {
        fprintf(stderr, "source: %s\n", error.text);
        goto out;
    }
    while (afxdp_pipeline_run(pipeline) >= 0)
        ;
    afxdp_pipeline_read(pipeline, &totals);
    printf("%llu packets, %llu flows\n", (unsigned long long)totals.packets,
           (unsigned long long)totals.flows);
    for (uint32_t i = 0; afxdp_model_class(afxdp_pipeline_model(pipeline), i); i++)
        printf("%-16s %6u\n", afxdp_model_class(afxdp_pipeline_model(pipeline), i),
               (unsigned)scan.of_class[i]);
out:
    afxdp_pipeline_free(pipeline);
    afxdp_config_free(config);
    return status == 0 ? 0 : 1;
}
