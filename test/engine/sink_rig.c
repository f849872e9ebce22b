// SPDX-License-Identifier: BSD-2-Clause
#include "sink_rig.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>

static void done(void *context, const struct eve_pending *pending, bool delivered)
{
    struct sink_rig *rig = context;

    rig->delivered += delivered;
    rig->lost += !delivered;
    rig->told += pending->packets;
    if (delivered)
        rig->last = pending->packets;
}

void sink_rig_open(struct sink_rig *rig)
{
    const struct eve_sink_options options = {
        .path = rig->path, .waits = rig->waits, .done = done, .context = rig};
    struct error error;

    assert_int_equal(eve_sink_open(&rig->sink, &options, &error), 0);
}

void sink_rig_produce(struct sink_rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct eve_pending pending = {.packets = rig->produced};
        unsigned long long number = rig->produced;
        char line[64], key[16];
        int length = snprintf(line, sizeof(line), "{\"n\":%llu}\n", number);
        int key_length = snprintf(key, sizeof(key), "1:%llu", number % SINK_KEYS);

        rig->sink->put(rig->sink, line, (size_t)length, key, (size_t)key_length, &pending);
        rig->produced++;
    }
    rig->sink->serve(rig->sink);
}

void sink_rig_check(const struct sink_rig *rig)
{
    assert_int_equal(rig->produced, rig->delivered + rig->lost);
    assert_int_equal(rig->told, rig->produced * (rig->produced - 1) / 2);
}
