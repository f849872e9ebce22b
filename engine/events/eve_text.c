// SPDX-License-Identifier: BSD-2-Clause
#include "eve_text.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "feature_text.h"
#include "flow_id.h"
#include "flow_text.h"

enum { SECOND = 1000000000 };

struct text {
    char *to;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int wrote = vsnprintf(text->to + text->length, EVE_LINE_MAX - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)wrote;
    if (text->length >= EVE_LINE_MAX)
        text->length = EVE_LINE_MAX - 1;
}

/* Names come from a model's file: anything may stand there. */
static void add_string(struct text *text, const char *string)
{
    add(text, "\"");
    for (const char *c = string; *c; c++) {
        if (*c == '"' || *c == '\\')
            add(text, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            add(text, "\\u%04x", (unsigned char)*c);
        else
            add(text, "%c", *c);
    }
    add(text, "\"");
}

void eve_names_init(struct eve_names *names, const struct policy *policy)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *name = policy_slot_name(policy, slot);

        snprintf(names->slot[slot], sizeof(names->slot[slot]), "%s", name ? name : "");
    }
    flow_seed_make(&names->seed, 0);
    names->class_count = policy->class_count;
}

void eve_time(char text[EVE_TIME_SIZE], uint64_t time)
{
    int64_t ns = (int64_t)time; /* those before 1970 are the upper half, see flow.h */
    time_t seconds = ns / SECOND - (ns % SECOND < 0);
    struct tm parts;

    gmtime_r(&seconds, &parts);
    size_t length = strftime(text, EVE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, EVE_TIME_SIZE - length, ".%06u+0000",
             (unsigned)((ns - seconds * SECOND) / 1000));
}

/* The type that answers an ICMP message, by the specification's tables; -1: nothing does. */
static int icmp_answer(bool six, unsigned type)
{
    static const uint8_t four_pairs[][2] = {{0, 8}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
    static const uint8_t six_pairs[][2] = {{128, 129}, {133, 134}, {135, 136},
                                           {130, 131}, {139, 140}, {144, 145}};
    const uint8_t(*pairs)[2] = six ? six_pairs : four_pairs;
    size_t count = (six ? sizeof(six_pairs) : sizeof(four_pairs)) / sizeof(four_pairs[0]);

    for (size_t i = 0; i < count; i++) {
        if (pairs[i][0] == type)
            return pairs[i][1];
        if (pairs[i][1] == type)
            return pairs[i][0];
    }
    return -1;
}

struct endpoints {
    const uint8_t *address[2];
    uint16_t port[2];
    bool ordered; /* one way only: they stay as they are */
};

static struct endpoints endpoints_of(const struct eve_flow *flow)
{
    const struct flow_key *key = &flow->key;
    bool low = flow->initiator_is_low;
    uint8_t protocol = flow_key_protocol(key);
    const void *source = low ? key->low_address : key->high_address;
    const void *destination = low ? key->high_address : key->low_address;
    struct endpoints e = {
        .address = {source, destination},
        .port = {low ? flow_key_low_port(key) : flow_key_high_port(key),
                 low ? flow_key_high_port(key) : flow_key_low_port(key)},
    };

    if (protocol == 1 || protocol == 58) {
        int answer = icmp_answer(protocol == 58, flow->icmp >> 8);

        e.port[0] = flow->icmp >> 8;
        e.port[1] = answer < 0 ? flow->icmp & 0xff : (uint16_t)answer;
        e.ordered = answer < 0;
    }
    return e;
}

void eve_community_id(char text[COMMUNITY_ID_SIZE], const struct eve_flow *flow, uint16_t seed)
{
    struct endpoints e = endpoints_of(flow);
    uint8_t protocol = flow_key_protocol(&flow->key);
    size_t size = flow_key_version(&flow->key) == 4 ? 4 : 16;
    int order = memcmp(e.address[0], e.address[1], size);
    bool swap = !e.ordered && (order > 0 || (order == 0 && e.port[0] > e.port[1]));
    uint8_t seed_bytes[2] = {(uint8_t)(seed >> 8), (uint8_t)seed};
    uint8_t rest[2] = {protocol, 0};
    uint8_t ports[4];
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;

    for (int i = 0; i < 2; i++) {
        ports[2 * i] = (uint8_t)(e.port[swap ^ i] >> 8);
        ports[2 * i + 1] = (uint8_t)e.port[swap ^ i];
    }
    sha1_init(&sha1);
    sha1_update(&sha1, sizeof(seed_bytes), seed_bytes);
    sha1_update(&sha1, size, e.address[swap]);
    sha1_update(&sha1, size, e.address[!swap]);
    sha1_update(&sha1, sizeof(rest), rest);
    if (packet_least_header[protocol] != 0 || protocol == 1 || protocol == 58)
        sha1_update(&sha1, sizeof(ports), ports);
    sha1_digest(&sha1, sizeof(digest), digest);
    memcpy(text, "1:", 2);
    base64_encode_raw(text + 2, sizeof(digest), digest);
    text[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}

static void add_common(struct text *text, const struct eve_names *names,
                       const struct eve_record *record, const char *type)
{
    const struct eve_flow *flow = &record->flow;
    char time[EVE_TIME_SIZE], community[COMMUNITY_ID_SIZE];
    struct flow_text words;
    uint64_t id = flow_id(&names->seed, &flow->key, flow->start);

    eve_time(time, record->time + names->clock.offset);
    eve_community_id(community, flow, names->community_seed);
    flow_text_of(&words, &flow->key, flow->initiator_is_low);
    add(text,
        "{\"timestamp\":\"%s\",\"event_type\":\"%s\",\"flow_id\":%" PRIu64
        ",\"community_id\":\"%s\"",
        time, type, id, community);
    if (names->interface) {
        add(text, ",\"in_iface\":");
        add_string(text, names->interface);
        add(text, ",\"queue\":%u", flow->queue);
    }
    add(text, ",\"src_ip\":\"%s\"", words.source);
    if (words.has_ports)
        add(text, ",\"src_port\":%u", words.source_port);
    add(text, ",\"dest_ip\":\"%s\"", words.destination);
    if (words.has_ports)
        add(text, ",\"dest_port\":%u", words.destination_port);
    add(text, ",\"proto\":\"%s\"", words.protocol);
    if (flow->vlan[0])
        add(text, flow->vlan[1] ? ",\"vlan\":[%u,%u]" : ",\"vlan\":[%u]", flow->vlan[0],
            flow->vlan[1]);
}

static void add_model(struct text *text, const struct eve_names *names)
{
    uint32_t model = __atomic_load_n(&names->model, __ATOMIC_RELAXED);

    if (model)
        add(text, ",\"model\":\"%08x\"", model);
}

static void add_verdict(struct text *text, const struct eve_names *names,
                        const struct eve_record *record)
{
    add(text, ",\"verdict\":{\"class\":");
    add_string(text, names->slot[record->slot]);
    add(text, ",\"confidence\":%u,\"action\":\"%s\",\"previous\":", record->confidence,
        action_name(record->action));
    add_string(text, names->slot[record->previous]);
    add(text, ",\"packets\":%" PRIu64, record->flow.packets[0] + record->flow.packets[1]);
    add_model(text, names);
    add(text, "}}\n");
}

static void add_flow(struct text *text, const struct eve_names *names,
                     const struct eve_record *record)
{
    static const char *const reasons[] = {"timeout", "evicted", "shutdown", "rst", "fin"};
    const struct eve_flow *flow = &record->flow;
    char start[EVE_TIME_SIZE], end[EVE_TIME_SIZE];
    const char *comma = "";

    eve_time(start, flow->start + names->clock.offset);
    eve_time(end, flow->last + names->clock.offset);
    add(text,
        ",\"flow\":{\"pkts_toserver\":%" PRIu64 ",\"pkts_toclient\":%" PRIu64
        ",\"bytes_toserver\":%" PRIu64 ",\"bytes_toclient\":%" PRIu64
        ",\"start\":\"%s\",\"end\":\"%s\",\"age\":%" PRIu64 ",\"reason\":\"%s\",\"classes\":{",
        flow->packets[0], flow->packets[1], flow->bytes[0], flow->bytes[1], start, end,
        (flow->last - flow->start) / SECOND, reasons[record->reason]);
    for (uint32_t i = 0; i <= names->class_count; i++) {
        if (flow->slots[i] == 0)
            continue;
        add(text, "%s", comma);
        add_string(text, names->slot[i == names->class_count ? SLOT_UNSURE : i]);
        add(text, ":%u", flow->slots[i]);
        comma = ",";
    }
    add(text, "}");
    add_model(text, names);
    add(text, "}}\n");
}

static void add_host(struct text *text, const struct eve_names *names,
                     const struct eve_record *record)
{
    const struct eve_host *host = &record->host;
    struct flow_text words;

    flow_text_of(&words, &record->flow.key, record->flow.initiator_is_low);
    add(text, ",\"host\":{\"ip\":\"%s\",\"feature\":\"%s\",\"threshold\":%u,\"change\":\"%s\"",
        host_feature_is_responders(host->feature + HOST_FEATURE_FIRST) ? words.destination
                                                                       : words.source,
        feature_name(host->feature + HOST_FEATURE_FIRST), names->thresholds.least[host->feature],
        host->ended ? "ended" : "begun");
    if (host->ended)
        add(text, ",\"age\":%" PRIu64,
            flow_time_later(record->time, host->since) ? (record->time - host->since) / SECOND : 0);
    else
        add(text, ",\"value\":%u", host->value);
    add(text, "}}\n");
}

size_t eve_text(const struct eve_names *names, char line[EVE_LINE_MAX],
                const struct eve_record *record)
{
    static const struct {
        const char *type;
        void (*add)(struct text *text, const struct eve_names *names,
                    const struct eve_record *record);
    } kinds[EVE_KINDS] = {
        [EVE_VERDICT] = {"verdict", add_verdict},
        [EVE_FLOW] = {"flow", add_flow},
        [EVE_HOST] = {"host", add_host},
    };
    struct text text = {.to = line};

    add_common(&text, names, record, kinds[record->kind].type);
    kinds[record->kind].add(&text, names, record);
    return text.length;
}
