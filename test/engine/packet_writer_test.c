// SPDX-License-Identifier: BSD-2-Clause
/* Copies of packets by a thread of their own: nothing waits for the reader, every packet is written
 * whole or counted. */
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
#include <unistd.h>

#include "monotonic.h"
#include "packet_writer.h"

enum { FRAME = 1500, QUEUES = 2 };

struct rig {
    char folder[32];
    char path[48];
    struct policy policy;
    struct flow_table *table;
    struct packet_writer *writer;
    struct burst_observer *observer[QUEUES];
    struct burst burst;
    uint8_t bytes[BURST_MAX][FRAME];
    uint64_t sent;
};

static int set_up(void **state)
{
    const struct flow_table_options options = {.flows = 64, .timeout = 120, .fixed_seed = true};
    struct rig *rig = aligned_alloc(64, (sizeof(*rig) + 63) / 64 * 64);
    struct error error;

    if (!rig)
        return -1;
    memset(rig, 0, sizeof(*rig));
    strcpy(rig->folder, "/tmp/packets.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/x.pcapng", rig->folder);
    policy_init(&rig->policy, NULL);
    assert_int_equal(flow_table_new(&rig->table, &options, &error), 0);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    packet_writer_close(rig->writer);
    flow_table_free(rig->table);
    unlink(rig->path);
    rmdir(rig->folder);
    free(rig);
    return 0;
}

static int start(struct rig *rig, const char *path, bool waits)
{
    const struct packet_writer_options options = {
        .files = {.path = path,
                  .interface = {"in0", "out0"},
                  .snaplen = PCAPNG_SNAPLEN_MAX,
                  .count = 1},
        .policy = &rig->policy,
        .day_times = true,
        .waits = waits,
    };
    struct error error;
    int status = packet_writer_open(&rig->writer, &options, &error);

    for (uint32_t i = 0; status == 0 && i < QUEUES; i++)
        status = packet_writer_observe(rig->writer, rig->table, &rig->observer[i], &error);
    return status == 0 ? packet_writer_start(rig->writer, &error) : status;
}

/* Frames that aren't IP, each as long as its number and full of it. */
static void send(struct rig *rig, uint32_t queue, uint32_t count)
{
    struct burst *burst = &rig->burst;

    burst->count = count;
    burst->side = queue;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = (uint32_t)(rig->sent % FRAME);

        memset(rig->bytes[i], (int)rig->sent, length);
        burst->frames[i] = (struct frame){
            .data = rig->bytes[i],
            .length = length,
            .wire_length = length,
            .time = rig->sent++,
        };
        burst->slot[i] = SLOT_OTHER;
        burst->action[i] = ACTION_FORWARD;
    }
    rig->observer[queue]->observe(rig->observer[queue], burst);
}

static struct packet_writer_totals end(struct rig *rig, int status)
{
    struct packet_writer_totals totals;
    struct error error;

    assert_int_equal(packet_writer_end(rig->writer, &error), status);
    packet_writer_read(rig->writer, &totals);
    assert_int_equal(totals.matched, rig->sent);
    assert_int_equal(totals.matched, totals.written + totals.lost + totals.beyond);
    return totals;
}

static uint32_t word(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

/* A packet's block: its own bytes, by its time. Of the ports' two interfaces, each has its own. */
static void check_packet(const uint8_t *block)
{
    uint32_t number = word(block + 16), captured = word(block + 20);

    assert_true(word(block + 8) < QUEUES);
    assert_int_equal(captured, number % FRAME);
    for (uint32_t i = 0; i < captured; i++)
        assert_int_equal(block[28 + i], (uint8_t)number);
    const char *comment = (const char *)block + 28 + (captured + 3) / 4 * 4 + 4;
    assert_memory_equal(comment, "class=other action=forward", 26);
}

/* How many whole packets a reader finds; the file may end within a block. */
static uint64_t read_packets(FILE *file, bool whole)
{
    static uint8_t block[PCAPNG_BLOCK_MAX];
    uint64_t packets = 0;

    while (fread(block, 8, 1, file) == 1) {
        size_t rest = pcapng_block_length(block) - 8;

        assert_true(rest < sizeof(block) - 8);
        if (fread(block + 8, rest, 1, file) != 1) {
            assert_false(whole);
            break;
        }
        if (!pcapng_block_is_packet(block))
            continue;
        check_packet(block);
        packets++;
    }
    return packets;
}

/* Five times round each ring. */
static void every_packet_reaches_a_file(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(start(rig, rig->path, true), 0);
    for (uint32_t i = 0; rig->sent < 10 * QUEUES * PACKET_RING_SIZE / FRAME; i++)
        send(rig, i % QUEUES, i % BURST_MAX);
    const struct packet_writer_totals totals = end(rig, 0);
    assert_int_equal(totals.written, rig->sent);
    FILE *file = fopen(rig->path, "re");
    assert_non_null(file);
    assert_int_equal(read_packets(file, true), rig->sent);
    fclose(file);
}

static void a_reader_that_stands_still_stops_nothing(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(mkfifo(rig->path, 0600), 0);
    int reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(start(rig, rig->path, false), 0);
    uint64_t begin = monotonic_ms();
    while (rig->sent < 6 * QUEUES * PACKET_RING_SIZE / FRAME)
        send(rig, (uint32_t)(rig->sent / BURST_MAX) % QUEUES, BURST_MAX);
    assert_true(monotonic_ms() - begin < 2000);
    const struct packet_writer_totals totals = end(rig, 0);
    assert_true(monotonic_ms() - begin < 10000);
    assert_true(totals.lost > rig->sent / 2);
    FILE *file = fdopen(reader, "r");
    assert_non_null(file);
    assert_int_equal(read_packets(file, false), totals.written);
    fclose(file);
}

static void a_reader_that_goes_away_is_told(void **state)
{
    struct rig *rig = *state;
    struct error error = {""};

    assert_int_equal(mkfifo(rig->path, 0600), 0);
    int reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(start(rig, rig->path, false), 0);
    close(reader);
    for (int i = 0; i < 1000 && packet_writer_check(rig->writer, &error) == 0; i++) {
        send(rig, 0, BURST_MAX);
        usleep(1000);
    }
    assert_int_equal(packet_writer_check(rig->writer, &error), -EPIPE);
    assert_non_null(strstr(error.text, "Broken pipe"));
    send(rig, 1, 7);
    assert_int_equal(end(rig, -EPIPE).written, 0);
}

static void a_full_disk_is_told(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(start(rig, "/nowhere/x", false), -ENOENT);
    assert_null(rig->writer);
    assert_int_equal(start(rig, "/dev/full", false), 0);
    send(rig, 0, 9);
    assert_int_equal(end(rig, -ENOSPC).lost, 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_packet_reaches_a_file),
        TEST(a_reader_that_stands_still_stops_nothing),
        TEST(a_reader_that_goes_away_is_told),
        TEST(a_full_disk_is_told),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
