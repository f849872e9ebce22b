// SPDX-License-Identifier: BSD-2-Clause
/* Rows of verdicts by a thread of their own: nothing waits for the reader, every row is written or
 * counted. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "verdict_ring.h"
#include "verdict_stream.h"

struct rig {
    char folder[32];
    char path[48];
    struct policy policy;
    struct verdict_stream *stream;
    struct burst burst;
    uint64_t sent;
};

static int set_up(void **state)
{
    struct rig *rig = aligned_alloc(64, sizeof(*rig));

    if (!rig)
        return -1;
    memset(rig, 0, sizeof(*rig));
    strcpy(rig->folder, "/tmp/verdicts.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/rows", rig->folder);
    policy_init(&rig->policy, NULL);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    unlink(rig->path);
    rmdir(rig->folder);
    free(rig);
    return 0;
}

static int open_stream(struct rig *rig, const char *path, uint32_t queues, struct error *error)
{
    const struct verdict_stream_options options = {
        .path = path,
        .policy = &rig->policy,
        .queues = queues,
        .classified = true,
        .day_times = true,
    };

    return verdict_stream_open(&rig->stream, &options, NULL, error);
}

static void start(struct rig *rig)
{
    struct error error;

    assert_int_equal(open_stream(rig, rig->path, 1, &error), 0);
}

/* From 192.0.2.1, port 1000, to 192.0.2.2, port 53. */
static struct packet packet_of(uint64_t index)
{
    const bool back = index % 4 == 2;
    struct packet packet = {
        .source = {back ? 0x020200c0 : 0x010200c0},
        .destination = {back ? 0x010200c0 : 0x020200c0},
        .source_port = back ? 53 : 1000,
        .destination_port = back ? 1000 : 53,
        .protocol = PROTOCOL_UDP,
        .version = 4,
    };

    return packet;
}

/* A burst of frames of which every other is IP, with its place as the confidence. */
static void send_to(struct rig *rig, uint32_t queue, uint32_t count, uint64_t first)
{
    struct burst_observer *observer = verdict_stream_observer(rig->stream, queue);
    struct burst *burst = &rig->burst;

    burst->count = count;
    burst->ip_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool ip = (first + i) % 2 == 0;

        burst->slot[i] = ip ? 0 : SLOT_OTHER;
        burst->action[i] = ip ? ACTION_COUNT : ACTION_FORWARD;
        burst->frames[i].time = (first + i) * 1000000001;
        if (ip) {
            const struct packet packet = packet_of(first + i);
            uint32_t at = burst->ip_count++;

            burst->place[at] = (uint8_t)i;
            burst->from_low[at] = flow_key_of(&packet, &burst->keys[at]);
            burst->verdicts[at].confidence = (uint16_t)((first + i) % 1000);
        }
    }
    observer->observe(observer, burst);
}

static void send(struct rig *rig, uint32_t count)
{
    send_to(rig, 0, count, rig->sent);
    rig->sent += count;
}

static void expect_row(const char *row, uint32_t queue, uint64_t index)
{
    const char *const ends[] = {"192.0.2.1,1000,192.0.2.2,53", "192.0.2.2,53,192.0.2.1,1000"};
    unsigned long long time = index * 1000000001;
    char wanted[VERDICT_ROW_MAX];

    if (index % 2 == 0)
        snprintf(wanted, sizeof(wanted), "%llu,unclassified,%llu,count,%u,%llu.%09llu,%s,UDP\n",
                 (unsigned long long)index, (unsigned long long)(index % 1000), queue,
                 time / 1000000000, time % 1000000000, ends[index % 4 == 2]);
    else
        snprintf(wanted, sizeof(wanted), "%llu,other,,forward,%u,%llu.%09llu,,,,,\n",
                 (unsigned long long)index, queue, time / 1000000000, time % 1000000000);
    assert_string_equal(row, wanted);
}

/* Reads rows to the end; how many there were. Each one's index is its packet's and they ascend. */
static uint64_t check_rows(FILE *file)
{
    char row[VERDICT_ROW_MAX];
    uint64_t rows = 0;
    uint64_t next = 0;

    assert_non_null(fgets(row, sizeof(row), file));
    assert_string_equal(row, VERDICT_ROW_HEADER);
    while (fgets(row, sizeof(row), file) && row[strlen(row) - 1] == '\n') {
        uint64_t index = strtoull(row, NULL, 10);

        assert_true(index >= next);
        expect_row(row, 0, index);
        next = index + 1;
        rows++;
    }
    return rows;
}

static void every_row_reaches_a_file(void **state)
{
    struct rig *rig = *state;
    struct error error;
    uint64_t lost;

    start(rig);
    for (int i = 0; i < 300; i++)
        send(rig, (uint32_t)(i % BURST_MAX));
    assert_int_equal(verdict_stream_check(rig->stream, &error), 0);
    assert_int_equal(verdict_stream_close(rig->stream, &lost, &error), 0);
    assert_int_equal(lost, 0);
    FILE *file = fopen(rig->path, "re");
    assert_non_null(file);
    assert_int_equal(check_rows(file), rig->sent);
    fclose(file);
}

/* Each queue's rows are there, in its order, with its index. */
static void rows_of_several_queues(void **state)
{
    enum { QUEUES = 3, BURSTS = 400 };
    uint64_t next[QUEUES] = {0}, sent[QUEUES] = {0}, lost;
    struct rig *rig = *state;
    char row[VERDICT_ROW_MAX];
    struct error error;

    assert_int_equal(open_stream(rig, rig->path, QUEUES, &error), 0);
    for (uint32_t i = 0; i < BURSTS; i++) {
        uint32_t queue = i * i % QUEUES, count = i % BURST_MAX;

        send_to(rig, queue, count, sent[queue]);
        sent[queue] += count;
    }
    assert_int_equal(verdict_stream_close(rig->stream, &lost, &error), 0);
    assert_int_equal(lost, 0);
    FILE *file = fopen(rig->path, "re");
    assert_non_null(file);
    assert_non_null(fgets(row, sizeof(row), file));
    while (fgets(row, sizeof(row), file)) {
        const char *field = row;

        for (int i = 0; i < 4; i++)
            field = strchr(field, ',') + 1;
        unsigned long queue = strtoul(field, NULL, 10);
        assert_true(queue < QUEUES);
        expect_row(row, (uint32_t)queue, next[queue]++);
    }
    fclose(file);
    assert_memory_equal(next, sent, sizeof(next));
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Three times what ring, buffer and pipe hold. */
static void a_reader_that_stands_still_stops_nothing(void **state)
{
    struct rig *rig = *state;
    struct error error;
    uint64_t lost;

    assert_int_equal(mkfifo(rig->path, 0600), 0);
    int reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    start(rig);
    double begin = seconds();
    while (rig->sent < 3ull * VERDICT_RING_SIZE)
        send(rig, BURST_MAX);
    assert_true(seconds() - begin < 5);
    assert_int_equal(verdict_stream_close(rig->stream, &lost, &error), 0);
    assert_true(seconds() - begin < 10);
    assert_true(lost > VERDICT_RING_SIZE);
    FILE *file = fdopen(reader, "r");
    assert_non_null(file);
    assert_int_equal(check_rows(file) + lost, rig->sent);
    fclose(file);
}

static void a_reader_that_goes_away_is_told(void **state)
{
    struct rig *rig = *state;
    struct error error = {""};
    uint64_t lost;

    assert_int_equal(mkfifo(rig->path, 0600), 0);
    int reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    start(rig);
    close(reader);
    for (int i = 0; i < 1000 && verdict_stream_check(rig->stream, &error) == 0; i++) {
        send(rig, BURST_MAX);
        usleep(1000);
    }
    assert_int_equal(verdict_stream_check(rig->stream, &error), -EPIPE);
    send(rig, 7);
    assert_int_equal(verdict_stream_close(rig->stream, &lost, &error), -EPIPE);
    assert_int_equal(lost, rig->sent);
    assert_non_null(strstr(error.text, "Broken pipe"));
}

static void a_full_disk_is_told(void **state)
{
    struct rig *rig = *state;
    struct error error = {""};
    uint64_t lost;

    assert_int_equal(open_stream(rig, "/dev/full", 1, &error), 0);
    send(rig, 9);
    assert_int_equal(verdict_stream_close(rig->stream, &lost, &error), -ENOSPC);
    assert_int_equal(lost, 9);
    assert_int_equal(open_stream(rig, "/nowhere/x", 1, &error), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_row_reaches_a_file),
        TEST(rows_of_several_queues),
        TEST(a_reader_that_stands_still_stops_nothing),
        TEST(a_reader_that_goes_away_is_told),
        TEST(a_full_disk_is_told),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
