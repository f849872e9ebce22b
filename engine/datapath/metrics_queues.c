// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "flow_view.h"
#include "metrics.h"
#include "metrics_text.h"
#include "utf8.h"

enum {
    QUEUES = 2 * REDIRECT_QUEUES_MAX + 2,
    LOOKED_AT = 1 << 14, /* buckets of flow tables, all together */
};

/* A queue and the labels by which it goes. */
struct shown {
    struct datapath_queue view;
    char *interface;
    char number[12];
    struct metrics_label labels[4]; /* interface, queue, room for one more */
};

struct table {
    struct shown queue[QUEUES];
    uint32_t count;
};

static const struct metrics_label *with(struct shown *queue, const char *name, const char *value)
{
    queue->labels[2] = (struct metrics_label){name, value};
    return queue->labels;
}

static const struct metrics_label *labels(struct shown *queue)
{
    return with(queue, NULL, NULL);
}

static void add(struct table *table, const struct datapath_queue *view, uint32_t number)
{
    struct shown *queue = &table->queue[table->count];

    *queue = (struct shown){.view = *view, .interface = utf8_from_bytes(view->interface)};
    if (!queue->interface)
        return;
    snprintf(queue->number, sizeof(queue->number), "%u", number);
    queue->labels[0] = (struct metrics_label){"interface", queue->interface};
    queue->labels[1] = (struct metrics_label){"queue", view->rest ? "other" : queue->number};
    table->count++;
}

static void read_queues(struct table *table, const struct afxdp_datapath *d)
{
    struct datapath_queue view;

    for (uint32_t port = 0; port < 2; port++) {
        for (uint32_t number = 0; table->count < QUEUES; number++) {
            memset(&view, 0, sizeof(view));
            if (!d->operations->queue(d, port, number, &view))
                break;
            add(table, &view, number);
        }
    }
}

/* Counters of struct stats, one of a family each. */
static void write_stats(FILE *to, struct table *table)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"afxdp_packets_total", "Packets received, each of which is in one class, action and end.",
         offsetof(struct stats, packets)},
        {"afxdp_bytes_total", "Their bytes on the wire.", offsetof(struct stats, bytes)},
        {"afxdp_flows_begun_total", "Flows begun.", offsetof(struct stats, flows)},
        {"afxdp_flow_evictions_total", "Flows that had to make room for others.",
         offsetof(struct stats, evictions)},
        {"afxdp_hosts_left_out_total", "Changes of the host memory given up among others.",
         offsetof(struct stats, hosts_left_out)},
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        metrics_family(to, families[i].name, "counter", families[i].help);
        for (uint32_t q = 0; q < table->count; q++)
            metrics_number(to, families[i].name, labels(&table->queue[q]),
                           *(const uint64_t *)((const char *)&table->queue[q].view.stats +
                                               families[i].offset));
    }
}

static void write_classes(FILE *to, struct table *table, const struct policy *policy)
{
    static const char family[] = "afxdp_class_packets_total";

    metrics_family(to, family, "counter", "Packets by the class they fell into.");
    for (uint32_t q = 0; q < table->count; q++) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            const char *name = policy_slot_name(policy, slot);

            if (name && (slot != SLOT_UNSURE || policy->min_confidence > 0))
                metrics_number(to, family, with(&table->queue[q], "class", name),
                               table->queue[q].view.stats.slots[slot]);
        }
    }
}

static void write_named(FILE *to, struct table *table, const char *family, const char *help,
                        const char *label, const char *const *names, uint32_t count, size_t offset)
{
    metrics_family(to, family, "counter", help);
    for (uint32_t q = 0; q < table->count; q++) {
        const uint64_t *counters =
            (const uint64_t *)(const void *)((const char *)&table->queue[q].view.stats + offset);

        for (uint32_t i = 0; i < count; i++)
            metrics_number(to, family, with(&table->queue[q], label, names[i]), counters[i]);
    }
}

static void write_workers(FILE *to, struct table *table)
{
    static const char busy[] = "afxdp_worker_busy_seconds_total";
    static const char share[] = "afxdp_worker_busy_ratio";
    static const char burst[] = "afxdp_burst_packets";
    static const char sleeps[] = "afxdp_worker_sleeps_total";
    static const char pause[] = "afxdp_worker_longest_pause_seconds";
    const struct worker_counters *w;
    uint32_t q;

#define EACH_WORKER                                                                                \
    for (q = 0; q < table->count; q++)                                                             \
        if ((w = table->queue[q].view.worker))
    metrics_family(to, busy, "counter", "Time with packets at hand.");
    EACH_WORKER metrics_seconds(to, busy, labels(&table->queue[q]), w->busy_ns);
    metrics_family(to, share, "histogram", "Share of a tenth of a second with packets at hand.");
    EACH_WORKER metrics_shares(to, share, labels(&table->queue[q]), w->shares, WORKER_SHARES,
                               w->shares_sum);
    metrics_family(to, burst, "histogram", "Packets that a worker took at a time.");
    EACH_WORKER metrics_histogram(to, burst, labels(&table->queue[q]), &w->bursts, BURST_MAX);
    metrics_family(to, sleeps, "counter", "Times a worker slept.");
    EACH_WORKER metrics_number(to, sleeps, labels(&table->queue[q]), w->sleeps);
    metrics_family(to, pause, "gauge", "Longest time so far between two signs of life.");
    EACH_WORKER metrics_seconds(to, pause, labels(&table->queue[q]), w->longest_pause_ns);
#undef EACH_WORKER
}

static void write_rings(FILE *to, struct table *table)
{
    static const char waiting[] = "afxdp_rx_ring_descriptors";
    static const char size[] = "afxdp_rx_ring_size";

    metrics_family(to, waiting, "histogram", "Descriptors that a worker found in its RX ring.");
    for (uint32_t q = 0; q < table->count; q++)
        if (table->queue[q].view.ring)
            metrics_histogram(to, waiting, labels(&table->queue[q]), table->queue[q].view.ring,
                              table->queue[q].view.ring_size);
    metrics_family(to, size, "gauge", "Descriptors that the RX ring has room for.");
    for (uint32_t q = 0; q < table->count; q++)
        if (table->queue[q].view.ring)
            metrics_number(to, size, labels(&table->queue[q]), table->queue[q].view.ring_size);
}

static void write_flows(FILE *to, struct table *table, const struct afxdp_datapath *d)
{
    static const char family[] = "afxdp_flows";
    const struct flow_table *(*table_of)(const struct afxdp_datapath *, uint32_t) =
        d->operations->table;
    uint32_t tables = 0;

    while (table_of && table_of(d, tables))
        tables++;
    if (tables == 0)
        return;
    metrics_family(to, family, "gauge",
                   "Flows in the table that aren't over; of a large one, estimated from a part.");
    for (uint32_t i = 0; i < tables; i++) {
        const struct flow_table *flows = table_of(d, i);
        char cpu[16];
        const struct metrics_label of_cpu[] = {{"cpu", cpu}, {NULL, NULL}};
        bool of_queue = !d->operations->tables_are_of_cpus;

        snprintf(cpu, sizeof(cpu), "%u", i);
        if (!of_queue || i < table->count)
            metrics_number(to, family, of_queue ? labels(&table->queue[i]) : of_cpu,
                           flow_view_count(flows, datapath_packet_clock(d), LOOKED_AT / tables));
    }
}

/* A member of the report's queues and where it goes: an own family, or one of a label's values. */
static const struct member {
    const char *name, *family, *label, *value, *help;
} members[] = {
#define PROGRAM "afxdp_program_packets_total", "fate"
    {"xdp_redirected", PROGRAM, "redirected", "Packets by what the XDP program did with them."},
    {"xdp_other", PROGRAM, "other", NULL},
    {"xdp_bypassed", PROGRAM, "bypassed", NULL},
    {"xdp_allowed", PROGRAM, "allowed", NULL},
    {"xdp_denied", PROGRAM, "denied", NULL},
    {"xdp_blocked", PROGRAM, "blocked", NULL},
    {"xdp_shunted", PROGRAM, "shunted", NULL},
    {"xdp_uncovered", PROGRAM, "uncovered", NULL},
    {"xdp_closed", PROGRAM, "closed", NULL},
    {"xdp_uncrossed", PROGRAM, "uncrossed", NULL},
    {"xdp_stalled_crossed", PROGRAM, "stalled_crossed", NULL},
    {"xdp_stalled_passed", PROGRAM, "stalled_passed", NULL},
    {"xdp_stalled_dropped", PROGRAM, "stalled_dropped", NULL},
#define LOST "afxdp_lost_packets_total", "cause"
    {"rx_ring_full", LOST, "rx_ring_full", "Packets that never reached a worker, by cause."},
    {"rx_dropped", LOST, "rx_dropped", NULL},
    {"rx_unbound", LOST, "rx_unbound", NULL},
#define SOCKET "afxdp_socket_events_total", "event"
    {"rx_fill_ring_empty", SOCKET, "rx_fill_ring_empty", "What happened at a socket."},
    {"rx_invalid_descriptors", SOCKET, "rx_invalid_descriptors", NULL},
    {"tx_invalid_descriptors", SOCKET, "tx_invalid_descriptors", NULL},
    {"tx_ring_empty", SOCKET, "tx_ring_empty", NULL},
    {"unstamped", SOCKET, "unstamped", NULL},
    {"wakeups", SOCKET, "wakeups", NULL},
    {"tx_sent", "afxdp_sent_frames_total", NULL, NULL, "Frames handed to the TX ring."},
    {"unrecorded", "afxdp_unrecorded_packets_total", NULL, NULL,
     "Packets that the ring buffer of the kernel datapath had no room to tell of."},
#undef PROGRAM
#undef LOST
#undef SOCKET
};

static void write_member(FILE *to, const struct member *member, const json_t *queue)
{
    const json_t *value = json_object_get(queue, member->name);
    const json_t *number = json_object_get(queue, "queue");
    char text[12] = "other";

    if (!value)
        return;
    if (json_is_integer(number))
        snprintf(text, sizeof(text), "%u", (unsigned)json_integer_value(number));
    const struct metrics_label labels_of[] = {
        {"interface", json_string_value(json_object_get(queue, "interface"))},
        {"queue", text},
        {member->label, member->value},
        {NULL, NULL}};
    metrics_number(to, member->family, labels_of, (uint64_t)json_integer_value(value));
}

/* The members that begin at `first` and are of one family, if any queue has one. Where the next
 * family begins. */
static size_t write_family(FILE *to, size_t first, const json_t *queues)
{
    const size_t count = sizeof(members) / sizeof(members[0]);
    size_t next = first;
    size_t i;
    const json_t *queue;
    bool told = false;

    while (next < count && strcmp(members[next].family, members[first].family) == 0)
        next++;
    json_array_foreach(queues, i, queue)
    {
        for (size_t m = first; m < next; m++) {
            if (!told && json_object_get(queue, members[m].name)) {
                metrics_family(to, members[first].family, "counter", members[first].help);
                told = true;
            }
            write_member(to, &members[m], queue);
        }
    }
    return next;
}

void metrics_write_queues(FILE *to, const struct afxdp_datapath *d, const json_t *live)
{
    static const char *const actions[] = ACTION_NAMES;
    static const char *const endings[] = ENDING_NAMES;
    static const char *const failures[] = FAILURE_NAMES;
    const json_t *queues = json_object_get(live, "queues");
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return;
    read_queues(table, d);
    write_stats(to, table);
    write_classes(to, table, &d->judgement->policy);
    write_named(to, table, "afxdp_action_packets_total", "Packets by the action chosen for them.",
                "action", actions, ACTIONS, offsetof(struct stats, actions));
    write_named(to, table, "afxdp_ending_packets_total", "Packets by what became of them.",
                "ending", endings, ENDINGS, offsetof(struct stats, endings));
    write_named(to, table, "afxdp_failed_packets_total",
                "Packets that should have gone out and did not.", "cause", failures, FAILURES,
                offsetof(struct stats, failures));
    if (table->count > 0 && table->queue[0].view.worker) {
        write_workers(to, table);
        write_rings(to, table);
    }
    write_flows(to, table, d);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]);)
        i = write_family(to, i, queues);
    for (uint32_t q = 0; q < table->count; q++)
        free(table->queue[q].interface);
    free(table);
}
