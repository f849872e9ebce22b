// SPDX-License-Identifier: BSD-2-Clause
/* --eve kafka: against librdkafka's own cluster of brokers, which go away and come back: each line
 * is delivered or lost, exactly once, and what was delivered can be read, by its key in order. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monotonic.h"
#include "sink_rig.h"

enum {
    BROKERS = 3,
    PARTITIONS = 4,
    CLOSE_MS = 2000,
    QUEUE = 65536,
    INIT_PRODUCER_ID = 22 /* of the protocol */
};

struct rig {
    struct sink_rig lines;
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
};

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    char why[512];

    rig->owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    assert_non_null(rig->owner);
    rig->cluster = rd_kafka_mock_cluster_new(rig->owner, BROKERS);
    assert_non_null(rig->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(rig->cluster, "events", PARTITIONS, BROKERS), 0);
    snprintf(rig->lines.path, sizeof(rig->lines.path), "kafka:%s/events",
             rd_kafka_mock_cluster_bootstraps(rig->cluster));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    if (rig->lines.sink)
        rig->lines.sink->close(rig->lines.sink);
    rd_kafka_mock_cluster_destroy(rig->cluster);
    rd_kafka_destroy(rig->owner);
    free(rig);
    return 0;
}

static void set_brokers(struct rig *rig, bool up)
{
    for (int32_t id = 1; id <= BROKERS; id++) {
        if (up)
            rd_kafka_mock_broker_set_up(rig->cluster, id);
        else
            rd_kafka_mock_broker_set_down(rig->cluster, id);
    }
}

static void finish(struct rig *rig, unsigned wait_ms)
{
    rig->lines.sink->finish(rig->lines.sink, wait_ms);
    sink_rig_check(&rig->lines);
}

/* The messages that the topic holds; of each key their numbers ascend, so none is there twice. */
static uint64_t consumed(struct rig *rig)
{
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(PARTITIONS);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    uint64_t next[SINK_KEYS] = {0}, count = 0;
    char why[512];

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(rig->cluster),
                      why, sizeof(why));
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof(why));
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    assert_non_null(reader);
    for (int32_t i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(all, "events", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, all);
    rd_kafka_topic_partition_list_destroy(all);
    for (uint64_t since = monotonic_ms();
         monotonic_ms() - since < (count < rig->lines.delivered ? 10000 : 300);) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 50);

        if (!message)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            unsigned long long number = strtoull((const char *)message->payload + 5, NULL, 10);

            assert_int_equal(((const char *)message->key)[2] - '0', (int)(number % SINK_KEYS));
            assert_true(number + 1 > next[number % SINK_KEYS]);
            next[number % SINK_KEYS] = number + 1;
            count++;
            since = monotonic_ms();
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return count;
}

static void every_line_is_delivered(void **state)
{
    struct rig *rig = *state;

    sink_rig_open(&rig->lines);
    sink_rig_produce(&rig->lines, 5000);
    finish(rig, CLOSE_MS);
    assert_int_equal(rig->lines.lost, 0);
    assert_int_equal(consumed(rig), rig->lines.delivered);
}

/* What waits while they are away is delivered once they are back. */
static void brokers_go_away_and_come_back(void **state)
{
    struct rig *rig = *state;

    sink_rig_open(&rig->lines);
    for (int round = 0; round < 3; round++) {
        sink_rig_produce(&rig->lines, 1000);
        set_brokers(rig, false);
        sink_rig_produce(&rig->lines, 1000);
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        set_brokers(rig, true);
    }
    finish(rig, 10000);
    assert_int_equal(rig->lines.lost, 0);
    assert_null(rig->lines.sink->fault);
    assert_int_equal(consumed(rig), rig->lines.delivered);
}

/* More than the queue holds: the rest is lost at once, nothing waits, nothing grows. */
static void brokers_that_stay_away_cost_events(void **state)
{
    struct rig *rig = *state;

    set_brokers(rig, false);
    sink_rig_open(&rig->lines);
    uint64_t begin = monotonic_ms();
    sink_rig_produce(&rig->lines, 2 * QUEUE);
    assert_true(monotonic_ms() - begin < 3000);
    assert_int_equal(rig->lines.lost, QUEUE);
    rig->lines.sink->finish(rig->lines.sink, 100);
    sink_rig_check(&rig->lines);
    assert_int_equal(rig->lines.delivered, 0);
    assert_non_null(rig->lines.sink->fault);
}

/* A capture waits for brokers that take something, and once for those that don't. */
static void captures_wait_for_room(void **state)
{
    struct rig *rig = *state;

    rig->lines.waits = true;
    sink_rig_open(&rig->lines);
    sink_rig_produce(&rig->lines, 2 * QUEUE);
    assert_int_equal(rig->lines.lost, 0);
    assert_true(rig->lines.delivered > 0);
    set_brokers(rig, false);
    uint64_t begin = monotonic_ms();
    sink_rig_produce(&rig->lines, 2 * QUEUE);
    assert_true(monotonic_ms() - begin > 1500 && monotonic_ms() - begin < 6000);
    assert_true(rig->lines.lost > QUEUE / 2);
    finish(rig, 100);
}

/* Some errors end a producer of librdkafka's for good, such as a right that it lacks: another one
 * begins, which may have it. */
static void another_producer_takes_over(void **state)
{
    struct rig *rig = *state;

    rd_kafka_mock_push_request_errors(rig->cluster, INIT_PRODUCER_ID, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    sink_rig_open(&rig->lines);
    uint64_t begin = monotonic_ms();
    for (bool failed = false; !failed || rig->lines.sink->fault;) {
        failed = failed || rig->lines.sink->fault;
        sink_rig_produce(&rig->lines, 10);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        assert_true(monotonic_ms() - begin < 10000);
    }
    finish(rig, CLOSE_MS);
    assert_true(rig->lines.lost > 0);
    assert_int_equal(consumed(rig), rig->lines.delivered);
}

static void what_is_no_target_is_refused(void **state)
{
    static const char *const paths[] = {"kafka:",         "kafka:/x",     "kafka:host",
                                        "kafka:host/",    "redis:host",   "redis:host:0/x",
                                        "redis:host:x/x", "redis:[::1/x", "redis:host:65536/x"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct eve_sink_options options = {.path = paths[i]};
        struct eve_sink *sink;
        struct error error = {""};

        assert_int_equal(eve_sink_check(paths[i], &error), -EINVAL);
        assert_non_null(strstr(error.text, "should be"));
        assert_int_equal(eve_sink_open(&sink, &options, &error), -EINVAL);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_line_is_delivered),
        TEST(brokers_go_away_and_come_back),
        TEST(brokers_that_stay_away_cost_events),
        TEST(captures_wait_for_room),
        TEST(another_producer_takes_over),
        cmocka_unit_test(what_is_no_target_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
