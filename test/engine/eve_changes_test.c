// SPDX-License-Identifier: BSD-2-Clause
/* The `verdict` events of a run that tells of nothing else are those of one that tells of all:
 * packets of random flows get random classes, and few flows find room. AFXDP_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "eve.h"
#include "memory_port.h"
#include "random.h"

enum { ROUNDS = 40, LINE = 1024 };

static struct random random_state;

static uint32_t below(uint32_t bound)
{
    return random_below(&random_state, bound);
}

/* Mostly the first class, and sometimes long the same other one. */
static void classify(const void *model, const uint32_t *features, size_t count,
                     struct verdict *verdicts)
{
    static uint32_t usual;

    (void)model;
    (void)features;
    for (size_t i = 0; i < count; i++) {
        if (below(1000) == 0)
            usual = below(3);
        verdicts[i].class_index = (uint8_t)(below(8) ? usual : below(3));
        verdicts[i].confidence = (uint16_t)below(1000);
    }
}

static void add_packets(struct memory_port *in, uint32_t flows, uint64_t *time)
{
    in->count = in->next = 0;
    for (uint32_t i = 0; i < MEMORY_PORT_FRAMES; i++) {
        bool backward = below(3) == 0;
        uint16_t port = (uint16_t)(1 + below(flows));

        *time += below(1000) ? below(1000000) : UINT64_C(3000000000);
        memory_port_add(in, &(struct test_packet){
                                .version = below(10) ? 4 : 0,
                                .protocol = 17,
                                .source = backward ? 2 : 1,
                                .destination = backward ? 1 : 2,
                                .source_port = backward ? 53 : port,
                                .destination_port = backward ? port : 53,
                                .time = *time,
                            });
    }
}

static struct eve *open_eve(const char *path, uint32_t types, struct pipeline *pipeline)
{
    const struct eve_options options = {
        .path = path, .policy = pipeline->policy, .types = types, .day_times = true, .waits = true};
    struct burst_observer *observer;
    struct error error = {""};
    struct eve *eve;

    assert_int_equal(eve_open(&eve, &options, &error), 0);
    assert_int_equal(eve_observe(eve, pipeline->table, &observer, &error), 0);
    pipeline_add_observer(pipeline, observer);
    assert_int_equal(eve_start(eve, &error), 0);
    return eve;
}

static bool next_verdict(FILE *file, char line[LINE])
{
    while (fgets(line, LINE, file)) {
        if (strstr(line, "\"event_type\":\"verdict\""))
            return true;
    }
    line[0] = '\0';
    return false;
}

static uint32_t compare(const char *one, const char *other)
{
    FILE *a = fopen(one, "r"), *b = fopen(other, "r");
    char x[LINE], y[LINE];
    uint32_t count = 0;

    assert_non_null(a);
    assert_non_null(b);
    for (bool more = true; more; count += more) {
        more = next_verdict(a, x);
        assert_int_equal(next_verdict(b, y), more);
        assert_string_equal(x, y);
    }
    fclose(a);
    fclose(b);
    return count;
}

static void run(uint32_t flows, uint32_t timeout)
{
    const struct flow_table_options table = {.flows = 256, .timeout = timeout, .fixed_seed = true};
    const struct classifier classifier = {.classify = classify, .feature_set = FEATURE_SET_1};
    struct policy policy = {
        .class_count = 3, .class_name = {"benign", "flood", "portscan"}, .min_confidence = 50};
    struct pipeline *pipeline = pipeline_new();
    struct memory_port *in = memory_port_new();
    struct stats stats = {0};
    const struct route route = {.in = &in->port, .stats = &stats};
    char folder[] = "/tmp/eve.XXXXXX", all[48], verdicts[48];
    uint64_t time = 0;
    struct error error;

    assert_non_null(mkdtemp(folder));
    snprintf(all, sizeof(all), "%s/all", folder);
    snprintf(verdicts, sizeof(verdicts), "%s/verdicts", folder);
    assert_int_equal(flow_table_new(&pipeline->table, &table, &error), 0);
    pipeline->policy = &policy;
    pipeline->classifier = &classifier;
    struct eve *eve[] = {open_eve(all, EVE_TYPES_ALL, pipeline),
                         open_eve(verdicts, EVE_TYPE_VERDICT, pipeline)};
    for (int i = 0; i < ROUNDS; i++) {
        add_packets(in, flows, &time);
        while (pipeline_run(pipeline, &route) > 0) {
        }
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(eve_end(eve[i], &error), 0);
        eve_close(eve[i]);
    }
    uint32_t count = compare(all, verdicts);
    print_message("%u flows: %llu begun, %llu evicted, %u verdict events\n", flows,
                  (unsigned long long)stats.flows, (unsigned long long)stats.evictions, count);
    assert_true(count > 1000);
    assert_true(flows < 200 || stats.evictions > 1000);
    unlink(all);
    unlink(verdicts);
    rmdir(folder);
    flow_table_free(pipeline->table);
    free(pipeline);
    free(in);
}

static void verdicts_alone_are_the_same(void **state)
{
    (void)state;
    run(7, 120);
    run(100, 2);
    run(2000, 120);
    run(2000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts_alone_are_the_same)};

    random_state = random_begin("eve_changes_test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
