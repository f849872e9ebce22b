// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "report_table.h"

enum {
    NUMBER_SIZE = 32,
    TIMED_PACKETS = 100000, /* of fewer, the time is that of the flow table's first page faults */
};

/* 1234567 as "1,234,567". */
static const char *grouped(char text[NUMBER_SIZE], uint64_t value)
{
    char digits[NUMBER_SIZE];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    char *to = text;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static void write_head(FILE *file, const struct report *report)
{
    const struct stats *totals = &report->totals;
    char packets[NUMBER_SIZE], bytes[NUMBER_SIZE], flows[NUMBER_SIZE], evictions[NUMBER_SIZE];

    fprintf(file, "%-11s%s\n", strcmp(report->datapath, "pcap") == 0 ? "capture" : "interface",
            report->source);
    if (report->model_path)
        fprintf(file, "model      %s (%s, %s, checksum %08x)\n", report->model_path,
                report->model_kind, report->model_variant, report->model_checksum);
    else
        fprintf(file, "model      none\n");
    fprintf(file, "packets    %s (%s bytes) in %.3f s", grouped(packets, totals->packets),
            grouped(bytes, totals->bytes), report->seconds);
    if (totals->packets >= TIMED_PACKETS && strcmp(report->datapath, "pcap") == 0)
        fprintf(file, ", %.1f ns per packet", report->seconds * 1e9 / (double)totals->packets);
    fprintf(file, "\nflows      %s begun, %s evicted\n", grouped(flows, totals->flows),
            grouped(evictions, totals->evictions));
}

static void write_share(FILE *file, const char *name, uint64_t count, uint64_t of)
{
    char text[NUMBER_SIZE];

    fprintf(file, "  %-30s %14s  %5.1f %%", name, grouped(text, count),
            of ? 100.0 * (double)count / (double)of : 0.0);
}

static void write_classes(FILE *file, const struct report *report)
{
    fprintf(file, "\n  %-30s %14s  %7s  %s\n", "class", "packets", "share", "action");
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *name = policy_slot_name(report->policy, slot);
        char action[POLICY_ACTION_MAX];

        if (!name || (slot == SLOT_UNSURE && report->policy->min_confidence == 0))
            continue;
        write_share(file, name, report->totals.slots[slot], report->totals.packets);
        policy_print_action(report->policy, slot, action);
        fprintf(file, "  %s\n", action);
    }
    if (!policy_drops(report->policy))
        fprintf(file, "  nothing is dropped: neither --action nor the model asks for it\n");
}

static void write_endings(FILE *file, const struct report *report)
{
    static const char *const endings[] = ENDING_NAMES;
    static const char *const failures[] = FAILURE_NAMES;
    const struct stats *totals = &report->totals;

    fprintf(file, "\n  %-30s %14s  %7s\n", "what happened", "packets", "share");
    for (int i = 0; i < ENDINGS; i++) {
        if (totals->endings[i] == 0 && i != ENDING_DROPPED)
            continue;
        write_share(file, endings[i], totals->endings[i], totals->packets);
        fputc('\n', file);
    }
    for (int i = 0; i < FAILURES; i++) {
        char name[NUMBER_SIZE];
        if (totals->failures[i] == 0)
            continue;
        snprintf(name, sizeof(name), "failed (%s)", failures[i]);
        write_share(file, name, totals->failures[i], totals->packets);
        fputc('\n', file);
    }
}

static bool any_queue_has(const json_t *queues, const char *name)
{
    for (size_t i = 0; i < json_array_size(queues); i++) {
        if (json_integer_value(json_object_get(json_array_get(queues, i), name)) != 0)
            return true;
    }
    return false;
}

/* One line per counter, one column per queue. A counter that stayed at 0 everywhere is left to the
 * JSON object, but for those that a reader would miss. */
static void write_queues(FILE *file, const json_t *queues)
{
    json_t *first = json_array_get(queues, 0);
    const char *name;
    json_t *value;

    if (!first)
        return;
    fprintf(file, "\n  per queue\n");
    json_object_foreach(first, name, value)
    {
        bool wanted = strcmp(name, "queue") == 0 || strcmp(name, "received") == 0;
        if (!json_is_integer(value) || (!wanted && !any_queue_has(queues, name)))
            continue;
        fprintf(file, "  %-30s", name);
        for (size_t i = 0; i < json_array_size(queues); i++) {
            const json_t *count = json_object_get(json_array_get(queues, i), name);
            char text[NUMBER_SIZE];

            fprintf(file, " %14s",
                    json_is_null(count) ? "the rest"
                                        : grouped(text, (uint64_t)json_integer_value(count)));
        }
        fputc('\n', file);
    }
}

void report_write_table(FILE *file, const struct report *report)
{
    write_head(file, report);
    if (report->live && json_object_get(report->live, "mode"))
        fprintf(file, "mode       %s\n", json_string_value(json_object_get(report->live, "mode")));
    write_classes(file, report);
    write_endings(file, report);
    if (report->live)
        write_queues(file, json_object_get(report->live, "queues"));
    if (report->error)
        fprintf(file, "\nended early: %s\n", report->error);
}
