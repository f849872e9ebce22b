// SPDX-License-Identifier: BSD-2-Clause
/* The whole pipeline over a port of one's own: receive, parse, flows, features, classify, policy,
 * counters. Here the port makes up SYNs of a scan; yours would read from what you have.
 *
 *     cc own_port.c $(pkg-config --cflags --libs afxdp-engine) -lm -o own_port && ./own_port nn.q8
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cpu.h>
#include <dt.h>
#include <nn.h>
#include <pipeline.h>
#include <q8.h>

enum { PACKETS = 1000 };

struct scan_port {
    struct port port; /* first, so that a struct port * is one of these */
    uint32_t made;
    uint8_t frames[BURST_MAX][54];
};

/* A burst of SYNs, each to another port of 10.0.0.2. Owned by the pipeline until released. */
static int scan_receive(struct port *port, struct frame *frames, uint32_t most)
{
    static const uint8_t syn[54] = {
        2, 0, 0,    0, 0,  1, 2, 0, 0,  0, 0,    2, 0x08, 0x00, 0x45, 0, 0,    40,
        0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0,    1, 10,   0,    0,    2, 0xc0, 0x01,
        0, 0, 0,    0, 0,  0, 0, 0, 0,  0, 0x50, 2, 4,    0,    0,    0, 0,    0,
    };
    struct scan_port *scan = (struct scan_port *)port;
    uint32_t count = 0;

    if (scan->made == PACKETS)
        return -ENODATA; /* 0 would say: none now, ask again */
    while (count < most && scan->made < PACKETS) {
        uint8_t *bytes = memcpy(scan->frames[count], syn, sizeof(syn));

        bytes[36] = (uint8_t)(scan->made >> 8);
        bytes[37] = (uint8_t)scan->made;
        frames[count++] = (struct frame){
            .data = bytes,
            .length = sizeof(syn),
            .wire_length = sizeof(syn),
            .time = scan->made++ * UINT64_C(250000), /* ns: 4,000 packets a second */
            .link = LINK_ETHERNET,
        };
    }
    return (int)count;
}

static uint32_t scan_send(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
    return 0; /* takes none: nothing can be sent into it */
}

static void scan_release(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
}

static void scan_flush(struct port *port)
{
    (void)port;
}

static const struct port_operations scan_operations = {scan_receive, scan_send, scan_release,
                                                       scan_flush};

int main(int count, char **arguments)
{
    const struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;
    static struct pipeline pipeline;
    static struct scan_port scan = {.port = {&scan_operations}};
    static struct stats stats;
    static struct policy policy;
    struct classifier *classifier = NULL;
    struct q8 *model = NULL;
    struct error error = {"usage: own_port MODEL.q8"};
    const struct route route = {.in = &scan.port, .stats = &stats};
    int err = count == 2 ? q8_read(&model, arguments[1], &error) : -EINVAL;

    if (!err)
        err = model->kind == Q8_NN ? nn_classifier_new(&classifier, model, cpu_levels(), &error)
                                   : dt_classifier_new(&classifier, model, cpu_levels(), &error);
    if (!err)
        err = flow_table_new(&pipeline.table, &options, &error);
    if (err) {
        fprintf(stderr, "own_port: %s\n", error.text);
        goto out;
    }
    policy_init(&policy, model);
    pipeline.classifier = classifier;
    pipeline.policy = &policy;
    while (pipeline_run(&pipeline, &route) >= 0)
        ;
    printf("%llu packets, %llu flows\n", (unsigned long long)stats.packets,
           (unsigned long long)stats.flows);
    for (uint32_t i = 0; i < policy.class_count; i++)
        printf("%-16s %6llu\n", policy.class_name[i], (unsigned long long)stats.slots[i]);
out:
    flow_table_free(pipeline.table);
    if (classifier)
        classifier->destroy(classifier);
    q8_free(model);
    return err ? 1 : 0;
}
