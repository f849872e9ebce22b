// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_row.h"

#include <inttypes.h>
#include <stdio.h>

#include "flow_text.h"

enum { SECOND = 1000000000 };

void verdict_rows_init(struct verdict_rows *rows, const struct policy *policy, bool classified,
                       bool day_times)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *name = policy_slot_name(policy, slot);

        snprintf(rows->name[slot], sizeof(rows->name[slot]), "%s", name ? name : "");
    }
    rows->classified = classified;
    rows->clock = (struct day_clock){.told = day_times};
}

/* Those before 1970 are the upper half, see flow.h. */
static size_t print_time(char *to, size_t size, uint64_t time)
{
    bool before = (int64_t)time < 0;
    uint64_t ns = before ? -time : time;

    return (size_t)snprintf(to, size, "%s%" PRIu64 ".%09" PRIu64, before ? "-" : "", ns / SECOND,
                            ns % SECOND);
}

/* The packet's own direction, which needn't be the flow's. */
static size_t print_ends(char *to, size_t size, const struct verdict_record *record)
{
    struct flow_text text;
    char source_port[8] = "", destination_port[8] = "";

    flow_text_of(&text, &record->key, record->from_low);
    if (text.has_ports) {
        snprintf(source_port, sizeof(source_port), "%u", text.source_port);
        snprintf(destination_port, sizeof(destination_port), "%u", text.destination_port);
    }
    return (size_t)snprintf(to, size, ",%s,%s,%s,%s,%s\n", text.source, source_port,
                            text.destination, destination_port, text.protocol);
}

size_t verdict_row_print(const struct verdict_rows *rows, char *row,
                         const struct verdict_record *record)
{
    char confidence[8] = "";
    size_t length;

    if (record->classified && rows->classified)
        snprintf(confidence, sizeof(confidence), "%u", record->confidence);
    length = (size_t)snprintf(row, VERDICT_ROW_MAX, "%" PRIu64 ",%s,%s,%s,%u,", record->index,
                              rows->name[record->slot], confidence, action_name(record->action),
                              record->queue);
    length += print_time(row + length, VERDICT_ROW_MAX - length, record->time + rows->clock.offset);
    if (record->classified)
        return length + print_ends(row + length, VERDICT_ROW_MAX - length, record);
    return length + (size_t)snprintf(row + length, VERDICT_ROW_MAX - length, ",,,,,\n");
}
