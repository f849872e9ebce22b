// SPDX-License-Identifier: BSD-2-Clause
/* The steps of the engine by hand: frames in memory to verdicts, with no port and no pipeline.
 *
 *     cc by_hand.c $(pkg-config --cflags --libs afxdp-engine) -lm -o by_hand && ./by_hand nn.q8 */
#include <stdio.h>

#include <cpu.h>
#include <dt.h>
#include <flow_features.h>
#include <flow_table_memory.h>
#include <nn.h>
#include <packet.h>
#include <q8.h>

static const uint8_t syn[] = {
    2,    0,    0, 0,  0, 1, 2,    0, 0,  0, 0, 2, 0x08, 0x00,                    /* Ethernet */
    0x45, 0,    0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2, /* IPv4 */
    0x12, 0x34, 0, 22, 0, 0, 0,    0, 0,  0, 0, 0, 0x50, 2,    4, 0, 0,  0, 0, 0, /* TCP, SYN */
};

/* One table for the flows of one thread; the frame's class goes to `verdict`. */
static bool classify_frame(struct flow_table *table, const struct classifier *classifier,
                           const uint8_t *frame, uint32_t length, uint64_t now,
                           struct verdict *verdict)
{
    uint32_t features[FEATURES_1];
    struct packet packet;
    struct flow_key key;
    enum flow_event event;

    if (packet_parse_ethernet(frame, frame + length, length, &packet) != PACKET_IP)
        return false;
    bool from_low = flow_key_of(&packet, &key);
    uint64_t hash = flow_hash(&table->seed, &key);
    struct flow *flow = flow_bucket_lookup(flow_table_bucket(table, hash), hash, &key, from_low,
                                           now, table->timeout, &event);
    flow_features_update(flow, &packet, from_low, now, features);
    classifier->classify(classifier->model, features, 1, verdict);
    return true;
}

int main(int count, char **arguments)
{
    const struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;
    struct classifier *classifier = NULL;
    struct flow_table *table = NULL;
    struct q8 *model = NULL;
    struct error error = {""};
    struct verdict verdict;
    int err = -1;

    if (count != 2 || q8_read(&model, arguments[1], &error))
        goto out;
    err = model->kind == Q8_NN ? nn_classifier_new(&classifier, model, cpu_levels(), &error)
                               : dt_classifier_new(&classifier, model, cpu_levels(), &error);
    if (!err)
        err = flow_table_new(&table, &options, &error);
    for (uint64_t i = 0; !err && i < 3; i++) { /* the same SYN three times, a second apart */
        uint64_t now = i * 1000000000;

        if (classify_frame(table, classifier, syn, sizeof(syn), now, &verdict))
            printf("packet %d: %s, confidence %d of 1000\n", (int)i + 1,
                   model->classes[verdict.class_index].name, verdict.confidence);
    }
out:
    if (err)
        fprintf(stderr, "by_hand: %s\n", count == 2 ? error.text : "usage: by_hand MODEL.q8");
    flow_table_free(table);
    if (classifier)
        classifier->destroy(classifier);
    q8_free(model);
    return err ? 1 : 0;
}
