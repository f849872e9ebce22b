// SPDX-License-Identifier: BSD-2-Clause
#include "flow_report.h"

#include <errno.h>
#include <stdlib.h>

#include "flow_text.h"
#include "flow_view.h"
#include "report_value.h"

enum {
    HOSTS = 1 << 16, /* initiators that are told apart, a power of two */
    PROBES = 32,
};

/* The `most` flows of most packets so far, the smallest at the root: a heap. */
struct flow_choice {
    uint64_t total;
    uint32_t queue; /* that is being walked */
    uint32_t most, count;
    struct flow_view flow[FLOW_REPORT_MOST];
};

struct host_count {
    uint64_t address[2];
    uint32_t version; /* 0: free */
    uint64_t flows, packets, bytes;
};

struct host_choice {
    uint64_t total, left_out;
    struct host_count host[HOSTS];
};

static void sink(struct flow_choice *choice)
{
    uint32_t at = 0;

    for (;;) {
        uint32_t least = at;

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < choice->count; child++) {
            if (choice->flow[child].packets < choice->flow[least].packets)
                least = child;
        }
        if (least == at)
            return;
        struct flow_view swap = choice->flow[at];
        choice->flow[at] = choice->flow[least];
        choice->flow[least] = swap;
        at = least;
    }
}

static int fewer_packets_first(const void *a, const void *b)
{
    uint64_t x = ((const struct flow_view *)a)->packets;
    uint64_t y = ((const struct flow_view *)b)->packets;

    return (x > y) - (x < y);
}

static void choose_flow(void *context, const struct flow_view *flow)
{
    struct flow_choice *choice = context;

    choice->total++;
    if (choice->count == choice->most && flow->packets <= choice->flow[0].packets)
        return;
    if (choice->count < choice->most) {
        choice->flow[choice->count] = *flow;
        choice->flow[choice->count++].queue = choice->queue;
        if (choice->count == choice->most) /* ascending order is a heap */
            qsort(choice->flow, choice->count, sizeof(*flow), fewer_packets_first);
        return;
    }
    choice->flow[0] = *flow;
    choice->flow[0].queue = choice->queue;
    sink(choice);
}

/* `holder`: what has a table of its own, and counts by `queue`. */
static json_t *flow_json(const struct flow_view *flow, const char *holder, uint64_t now)
{
    json_t *object = json_object();
    struct flow_text text;

    flow_text_of(&text, &flow->key, flow->initiator_is_low);
    report_put(object, "src_ip", json_string(text.source));
    report_number(object, "src_port", text.source_port);
    report_put(object, "dest_ip", json_string(text.destination));
    report_number(object, "dest_port", text.destination_port);
    report_put(object, "proto", json_string(text.protocol));
    report_number(object, holder, flow->queue);
    report_number(object, "packets", flow->packets);
    report_number(object, "ip_bytes", flow->length_sum);
    if (now != 0)
        report_number(object, "idle_ms", now > flow->last ? (now - flow->last) / 1000000 : 0);
    return object;
}

static int finish(json_t **out, json_t *object, struct error *error)
{
    if (!report_lacks()) {
        *out = object;
        return 0;
    }
    json_decref(object);
    return error_set(error, -ENOMEM, "no memory for the answer");
}

int flow_report(json_t **out, const struct afxdp_datapath *d, uint32_t most, struct error *error)
{
    struct flow_choice *choice = calloc(1, sizeof(*choice));

    if (!choice)
        return error_set(error, -ENOMEM, "no memory to look at the flows");
    uint64_t now = datapath_packet_clock(d);
    const struct flow_table *table;
    choice->most = most;
    for (; (table = d->operations->table(d, choice->queue)); choice->queue++)
        flow_view_walk(table, now, choose_flow, choice);
    qsort(choice->flow, choice->count, sizeof(choice->flow[0]), fewer_packets_first);
    (void)report_lacks();
    json_t *object = json_object();
    json_t *flows = json_array();
    const char *holder = d->operations->tables_are_of_cpus ? "cpu" : "queue";
    for (uint32_t i = choice->count; i-- > 0;)
        report_append(flows, flow_json(&choice->flow[i], holder, now));
    report_number(object, "total", choice->total);
    report_put(object, "flows", flows);
    free(choice);
    return finish(out, object, error);
}

static void count_host(void *context, const struct flow_view *flow)
{
    struct host_choice *choice = context;
    const uint64_t *address =
        flow->initiator_is_low ? flow->key.low_address : flow->key.high_address;
    uint32_t version = flow_key_version(&flow->key);
    uint64_t at = flow_hash_finish((address[0] ^ address[1] * 3) + version);

    for (int probe = 0; probe < PROBES; probe++) {
        struct host_count *host = &choice->host[(at + (uint64_t)probe) % HOSTS];

        if (host->version == 0) {
            *host = (struct host_count){{address[0], address[1]}, version, 0, 0, 0};
            choice->total++;
        }
        if (host->version != version || host->address[0] != address[0] ||
            host->address[1] != address[1])
            continue;
        host->flows++;
        host->packets += flow->packets;
        host->bytes += flow->length_sum;
        return;
    }
    choice->left_out++;
}

static int more_flows_first(const void *a, const void *b)
{
    const struct host_count *x = a, *y = b;

    return x->flows != y->flows ? (x->flows < y->flows) - (x->flows > y->flows)
                                : (x->packets < y->packets) - (x->packets > y->packets);
}

static json_t *host_json(const struct host_count *host)
{
    char address[FLOW_TEXT_ADDRESS] = "";
    json_t *object = json_object();

    flow_text_address(address, host->address, host->version);
    report_put(object, "ip", json_string(address));
    report_number(object, "flows", host->flows);
    report_number(object, "packets", host->packets);
    report_number(object, "ip_bytes", host->bytes);
    return object;
}

/* Those that there are to the front, sorted; returns how many. */
static uint32_t sort_hosts(struct host_choice *choice)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < HOSTS; i++) {
        if (choice->host[i].version != 0)
            choice->host[count++] = choice->host[i];
    }
    qsort(choice->host, count, sizeof(choice->host[0]), more_flows_first);
    return count;
}

int host_report(json_t **out, const struct afxdp_datapath *d, uint32_t most, struct error *error)
{
    struct host_choice *choice = calloc(1, sizeof(*choice));

    if (!choice)
        return error_set(error, -ENOMEM, "no memory to look at the hosts");
    uint64_t now = datapath_packet_clock(d);
    const struct flow_table *table;
    for (uint32_t queue = 0; (table = d->operations->table(d, queue)); queue++)
        flow_view_walk(table, now, count_host, choice);
    uint32_t count = sort_hosts(choice);
    (void)report_lacks();
    json_t *object = json_object();
    json_t *hosts = json_array();
    for (uint32_t i = 0; i < most && i < count; i++)
        report_append(hosts, host_json(&choice->host[i]));
    report_number(object, "total", choice->total);
    report_number(object, "left_out", choice->left_out);
    report_put(object, "hosts", hosts);
    free(choice);
    return finish(out, object, error);
}
