// SPDX-License-Identifier: BSD-2-Clause
/* The packet parser, and the key and features behind it. Input: 2 bytes by which the wire length
 * exceeds the captured one (little-endian), then an Ethernet frame. */
#include <string.h>

#include "flow_features.h"
#include "fuzz.h"

static enum packet_kind parse(const uint8_t *frame, size_t captured, uint32_t wire_length,
                              struct packet *packet)
{
    /* A block of its own for every call: a sanitizer sees the first byte read outside of it. */
    uint8_t *block = malloc(captured ? captured : 1);

    if (!block)
        abort();
    memcpy(block, frame, captured);
    enum packet_kind kind = packet_parse_ethernet(block, block + captured, wire_length, packet);
    free(block);
    return kind;
}

static bool packet_equal(const struct packet *a, const struct packet *b)
{
    return memcmp(a->source, b->source, sizeof(a->source)) == 0 &&
           memcmp(a->destination, b->destination, sizeof(a->destination)) == 0 &&
           a->length == b->length && a->source_port == b->source_port &&
           a->destination_port == b->destination_port && a->protocol == b->protocol &&
           a->version == b->version;
}

static void check_flow(const struct packet *packet)
{
    struct packet reply = *packet;
    struct flow_key key;
    struct flow_key reply_key;
    uint32_t features[FEATURES_1];
    struct flow flow;

    memcpy(reply.source, packet->destination, sizeof(reply.source));
    memcpy(reply.destination, packet->source, sizeof(reply.destination));
    reply.source_port = packet->destination_port;
    reply.destination_port = packet->source_port;
    bool from_low = flow_key_of(packet, &key);
    bool reply_from_low = flow_key_of(&reply, &reply_key);

    MUST(flow_key_equal(&key, &reply_key)); /* both directions are one flow */
    flow_begin(&flow, &key, from_low, 1000);
    flow_features_update(&flow, packet, from_low, 1000, features);
    MUST(features[FEATURE_SPORT] == packet->source_port);
    MUST(features[FEATURE_DIRECTION] == 1);
    MUST(features[FEATURE_MEAN_LENGTH] >> FEATURE_LENGTH_SHIFT == packet->length);
    MUST(features[FEATURE_DEV_LENGTH] == 0);
    flow_features_update(&flow, &reply, reply_from_low, 3000, features);
    MUST(features[FEATURE_SPORT] == packet->source_port);
    MUST(features[FEATURE_INTERVAL] == 2);
    MUST(features[FEATURE_MEAN_LENGTH] >> FEATURE_LENGTH_SHIFT == packet->length);
}

/* Bytes behind the IP length mean nothing. */
static void check_padding(const uint8_t *frame, size_t captured, const struct packet *whole)
{
    struct packet bare;
    size_t network = 14;

    while (load_be16(frame + network - 2) != (whole->version == 4 ? 0x0800 : 0x86dd))
        network += 4; /* a VLAN tag */
    size_t length = network + whole->length;
    if (length > captured || (whole->version == 4 && load_be16(frame + network + 2) == 0))
        return;
    MUST(parse(frame, length, (uint32_t)length, &bare) == PACKET_IP);
    MUST(packet_equal(&bare, whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet whole;
    struct packet cut;

    if (size < 2)
        return 0;
    const uint8_t *frame = data + 2;
    size_t captured = size - 2;
    uint32_t wire_length = (uint32_t)captured + (uint32_t)(data[0] | data[1] << 8);

    enum packet_kind kind = parse(frame, captured, wire_length, &whole);
    MUST(kind == PACKET_IP || kind == PACKET_OTHER || kind == PACKET_MALFORMED);
    if (kind == PACKET_IP) {
        MUST(whole.version == 4 || whole.version == 6);
        MUST(whole.length >= (whole.version == 4 ? 20 : 40));
        MUST(whole.length + 14 <= wire_length);
        MUST(whole.version == 6 || (whole.source[1] == 0 && whole.destination[1] == 0));
        check_flow(&whole);
        check_padding(frame, captured, &whole);
    }

    /* A shorter capture of the same packet says less, never something else. */
    for (size_t length = captured; length-- > 0;) {
        enum packet_kind cut_kind = parse(frame, length, wire_length, &cut);

        if (cut_kind == PACKET_IP)
            MUST(kind == PACKET_IP && packet_equal(&whole, &cut));
        if (captured > 200 && length > 200)
            length -= length / 16; /* every length near the headers, some beyond */
    }
    return 0;
}
