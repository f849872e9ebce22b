// SPDX-License-Identifier: BSD-2-Clause
/* The redirect program on made-up frames (BPF_PROG_TEST_RUN): what enters the ring, what passes,
 * crosses or is dropped, and that it tells IP from the rest exactly as the parser does. Without a
 * socket in the map, a packet meant for one is counted as uncovered. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <linux/if_xdp.h>
#include <net/if.h>

#include "packet.h"
#include "redirect_abi.h"

#include "redirect.skel.h"

enum { SKIP = 77, FRAME_MOST = 96, RANDOM_FRAMES = 50000 };

struct setup {
    bool watchdog;
    bool inline_port;
    bool fail_closed;
    bool other_enters;
    struct bypass bypass;
};

static struct redirect_bpf *load(const struct setup *setup)
{
    struct redirect_bpf *program = redirect_bpf__open();

    assert_non_null(program);
    program->rodata->inline_port = setup->inline_port;
    program->rodata->fail_closed = setup->fail_closed;
    program->rodata->other_enters = setup->other_enters;
    program->rodata->bypass = setup->bypass;
    program->rodata->watchdog_ns = setup->watchdog ? 80000000 : 0;
    program->rodata->tick_ns = 1000000;
    assert_int_equal(redirect_bpf__load(program), 0);
    if (setup->inline_port) {
        uint32_t first = 0;
        uint32_t loopback = if_nametoindex("lo");
        int map = bpf_map__fd(program->maps.other_port);
        assert_int_equal(bpf_map_update_elem(map, &first, &loopback, BPF_ANY), 0);
    }
    return program;
}

static uint32_t run(struct redirect_bpf *program, const uint8_t *frame, uint32_t length)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length);

    assert_int_equal(
        bpf_prog_test_run_opts(bpf_program__fd(program->progs.afxdp_redirect), &options), 0);
    return options.retval;
}

static struct redirect_counters counted(struct redirect_bpf *program)
{
    int cpus = libbpf_num_possible_cpus();
    struct redirect_counters *each = calloc((size_t)cpus, sizeof(*each));
    struct redirect_counters sum = {0};
    uint32_t queue = 0;

    assert_non_null(each);
    assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(program->maps.counters), &queue, each), 0);
    for (int i = 0; i < cpus; i++) {
        sum.redirected += each[i].redirected;
        sum.other += each[i].other;
        sum.bypassed += each[i].bypassed;
        sum.uncovered += each[i].uncovered;
        sum.closed += each[i].closed;
        sum.uncrossed += each[i].uncrossed;
        sum.stalled_crossed += each[i].stalled_crossed;
        sum.stalled_passed += each[i].stalled_passed;
        sum.stalled_dropped += each[i].stalled_dropped;
    }
    free(each);
    return sum;
}

static uint64_t random_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15; /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Runs one frame; whether the program took it for IP, by the counter that moved. */
static bool taken_for_ip(struct redirect_bpf *program, struct redirect_counters *before,
                         const uint8_t *frame, uint32_t length)
{
    assert_int_equal(run(program, frame, length), XDP_PASS);
    struct redirect_counters now = counted(program);
    bool ip = now.uncovered == before->uncovered + 1;

    assert_int_equal(now.uncovered + now.other, before->uncovered + before->other + 1);
    *before = now;
    return ip;
}

static bool parser_says_ip(const uint8_t *frame, uint32_t length)
{
    struct packet packet;

    return packet_parse_ethernet(frame, frame + length, length, &packet) != PACKET_OTHER;
}

static const uint16_t types[] = {
    ETHERTYPE_IPV4,     ETHERTYPE_IPV6, ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN,
    ETHERTYPE_OLD_QINQ, 0x0806,         0x8847,         0x0026};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static void put_type(uint8_t *frame, uint32_t at, uint16_t type)
{
    frame[at] = (uint8_t)(type >> 8);
    frame[at + 1] = (uint8_t)type;
}

/* Every chain of four EtherTypes, cut at every length. */
static void test_types(void **state)
{
    struct redirect_bpf *program = load(&(struct setup){0});
    struct redirect_counters counters = {0};
    uint8_t frame[FRAME_MOST] = {0};
    uint32_t runs = 0;

    (void)state;
    for (uint32_t chain = 0; chain < TYPES * TYPES * TYPES * TYPES; chain++) {
        put_type(frame, 12, types[chain % TYPES]);
        put_type(frame, 16, types[chain / TYPES % TYPES]);
        put_type(frame, 20, types[chain / TYPES / TYPES % TYPES]);
        put_type(frame, 24, types[chain / TYPES / TYPES / TYPES]);
        for (uint32_t length = 14; length <= 28; length++, runs++)
            if (taken_for_ip(program, &counters, frame, length) != parser_says_ip(frame, length))
                fail_msg("chain %u, %u bytes: program and parser differ", chain, length);
    }
    printf("%u frames: program and parser agree\n", runs);
    redirect_bpf__destroy(program);
}

static void test_random(void **state)
{
    struct redirect_bpf *program = load(&(struct setup){0});
    struct redirect_counters counters = {0};
    const char *text = getenv("AFXDP_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : (unsigned long long)time(NULL);
    uint32_t ip = 0;

    (void)state;
    printf("AFXDP_SEED=%llu\n", (unsigned long long)seed);
    for (uint32_t i = 0; i < RANDOM_FRAMES; i++) {
        uint8_t frame[FRAME_MOST];
        uint32_t length = 14 + (uint32_t)(random_next(&seed) % (FRAME_MOST - 14));

        for (uint32_t at = 0; at < FRAME_MOST; at++)
            frame[at] = (uint8_t)random_next(&seed);
        for (uint32_t at = 12; at <= 24; at += 4)
            if (random_next(&seed) % 8)
                put_type(frame, at, types[random_next(&seed) % TYPES]);
        bool program_says = taken_for_ip(program, &counters, frame, length);
        if (program_says != parser_says_ip(frame, length))
            fail_msg("frame %u of the seed: program and parser differ", i);
        ip += program_says;
    }
    assert_in_range(ip, RANDOM_FRAMES / 10, RANDOM_FRAMES * 9 / 10);
    redirect_bpf__destroy(program);
}

/* Ethernet, IPv4 and the first bytes of the protocol. */
static uint32_t make_frame(uint8_t *frame, uint8_t protocol, uint16_t source, uint16_t destination)
{
    memset(frame, 0, FRAME_MOST);
    put_type(frame, 12, ETHERTYPE_IPV4);
    frame[14] = 0x45;
    frame[17] = 46;
    frame[23] = protocol;
    put_type(frame, 34, source);
    put_type(frame, 36, destination);
    return 60;
}

static void test_bypass(void **state)
{
    const struct setup setup = {
        .bypass = {2, {{.protocol = PROTOCOL_TCP, .port = 22}, {.protocol = 1}}}};
    static const struct {
        uint8_t protocol;
        uint16_t source;
        uint16_t destination;
        bool bypassed;
    } cases[] = {
        {PROTOCOL_TCP, 40000, 22, true},
        {PROTOCOL_TCP, 22, 40000, true},
        {PROTOCOL_TCP, 40000, 23, false},
        {PROTOCOL_UDP, 40000, 22, false},
        {1, 0, 0, true},
        {58, 0, 0, false},
    };
    struct redirect_bpf *program = load(&setup);
    uint8_t frame[FRAME_MOST];
    uint64_t expected = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t length =
            make_frame(frame, cases[i].protocol, cases[i].source, cases[i].destination);

        expected += cases[i].bypassed;
        assert_int_equal(run(program, frame, length), XDP_PASS);
        assert_int_equal(counted(program).bypassed, expected);
        assert_int_equal(counted(program).uncovered, i + 1 - expected);
    }
    redirect_bpf__destroy(program);
}

static void test_without_sockets(void **state)
{
    static const struct {
        struct setup setup;
        uint32_t ip;  /* what becomes of IP without a live socket */
        uint32_t arp; /* and of the rest */
    } cases[] = {
        {{0}, XDP_PASS, XDP_PASS},
        {{.fail_closed = true}, XDP_DROP, XDP_PASS},
        {{.other_enters = true}, XDP_PASS, XDP_PASS},
        {{.fail_closed = true, .other_enters = true}, XDP_DROP, XDP_DROP},
        {{.inline_port = true}, XDP_REDIRECT, XDP_REDIRECT},
        {{.inline_port = true, .fail_closed = true}, XDP_DROP, XDP_REDIRECT},
    };
    uint8_t frame[FRAME_MOST];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redirect_bpf *program = load(&cases[i].setup);
        uint32_t length = make_frame(frame, PROTOCOL_UDP, 1, 2);
        bool closed = cases[i].setup.fail_closed;
        bool enters = cases[i].setup.other_enters;

        assert_int_equal(run(program, frame, length), cases[i].ip);
        put_type(frame, 12, 0x0806);
        assert_int_equal(run(program, frame, length), cases[i].arp);
        struct redirect_counters c = counted(program);
        assert_int_equal(c.other, enters ? 0 : 1);
        assert_int_equal(c.closed, closed ? 1 + enters : 0);
        assert_int_equal(c.uncovered, closed ? 0 : 1 + enters);
        assert_int_equal(c.redirected + c.bypassed + c.uncrossed, 0);
        redirect_bpf__destroy(program);
    }
}

/* A socket for queue 0: without a ring 7.3 takes one into no map. */
static int open_target(void)
{
    int descriptors = 64;
    int target = socket(AF_XDP, SOCK_RAW, 0);

    assert_true(target >= 0);
    assert_int_equal(setsockopt(target, SOL_XDP, XDP_RX_RING, &descriptors, sizeof(descriptors)),
                     0);
    return target;
}

static void enter_target(struct redirect_bpf *program, int target)
{
    uint32_t queue = 0;

    assert_int_equal(
        bpf_map_update_elem(bpf_map__fd(program->maps.sockets), &queue, &target, BPF_ANY), 0);
}

/* What the devmap refuses is dropped, and in no counter but its own, whyever it should cross. */
static void test_without_the_other_port(void **state)
{
    static const struct {
        struct setup setup;
        uint16_t type;
        bool stalled;
    } cases[] = {
        {{.inline_port = true}, 0x0806, false},
        {{.inline_port = true}, ETHERTYPE_IPV4, false},
        {{.inline_port = true, .other_enters = true}, 0x0806, false},
        {{.inline_port = true, .bypass = {1, {{2, PROTOCOL_UDP, 0}}}}, ETHERTYPE_IPV4, false},
        {{.inline_port = true, .watchdog = true}, ETHERTYPE_IPV4, true},
    };
    int target = open_target();
    uint8_t frame[FRAME_MOST];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redirect_bpf *program = load(&cases[i].setup);
        uint32_t length = make_frame(frame, PROTOCOL_UDP, 1, 2);
        uint32_t first = 0;

        put_type(frame, 12, cases[i].type);
        if (cases[i].stalled) /* its heartbeat is as old as the machine */
            enter_target(program, target);
        assert_int_equal(run(program, frame, length), XDP_REDIRECT);
        assert_int_equal(bpf_map_delete_elem(bpf_map__fd(program->maps.other_port), &first), 0);
        struct redirect_counters before = counted(program);
        assert_int_equal(before.uncrossed, 0);
        assert_int_equal(before.stalled_crossed, cases[i].stalled);
        assert_int_equal(run(program, frame, length), XDP_DROP);
        struct redirect_counters after = counted(program);
        assert_int_equal(after.uncrossed, 1);
        after.uncrossed = 0;
        assert_memory_equal(&after, &before, sizeof(after));
        redirect_bpf__destroy(program);
    }
    close(target);
}

static void set_heartbeat(struct redirect_bpf *program, uint64_t time)
{
    const struct redirect_heartbeat beat = {.time = time, .offset = UINT64_C(1) << 50};
    uint32_t queue = 0;

    assert_int_equal(
        bpf_map_update_elem(bpf_map__fd(program->maps.heartbeats), &queue, &beat, BPF_ANY), 0);
}

/* Whether a worker stands still is seen by its heartbeat, and where packets go then is counted. */
static void test_watchdog(void **state)
{
    static const struct {
        struct setup setup;
        uint32_t stale;
    } cases[] = {
        {{.watchdog = true}, XDP_PASS},
        {{.watchdog = true, .inline_port = true}, XDP_REDIRECT},
        {{.watchdog = true, .fail_closed = true}, XDP_DROP},
        {{.watchdog = true, .inline_port = true, .fail_closed = true}, XDP_DROP},
        {{.watchdog = false}, XDP_REDIRECT},
    };
    const uint64_t future = UINT64_C(1) << 60;
    uint8_t frame[FRAME_MOST];
    uint32_t length = make_frame(frame, PROTOCOL_UDP, 1, 2);
    int target = open_target();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct setup *setup = &cases[i].setup;
        struct redirect_bpf *program = load(setup);

        enter_target(program, target);
        set_heartbeat(program, future);
        assert_int_equal(run(program, frame, length), XDP_REDIRECT);
        assert_int_equal(counted(program).redirected, 1);
        set_heartbeat(program, 0);
        assert_int_equal(run(program, frame, length), cases[i].stale);
        struct redirect_counters c = counted(program);
        assert_int_equal(c.redirected, setup->watchdog ? 1 : 2);
        assert_int_equal(c.stalled_dropped, setup->watchdog && setup->fail_closed);
        assert_int_equal(c.stalled_crossed,
                         setup->watchdog && setup->inline_port && !setup->fail_closed);
        assert_int_equal(c.stalled_passed,
                         setup->watchdog && !setup->inline_port && !setup->fail_closed);
        set_heartbeat(program, future);
        assert_int_equal(run(program, frame, length), XDP_REDIRECT);
        assert_int_equal(counted(program).redirected, setup->watchdog ? 2 : 3);
        redirect_bpf__destroy(program);
    }
    close(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_without_sockets),
        cmocka_unit_test(test_without_the_other_port),
        cmocka_unit_test(test_watchdog),
    };
    struct redirect_bpf *probe;

    libbpf_set_print(NULL);
    probe = redirect_bpf__open_and_load();
    if (!probe) {
        printf("skipped: the redirect program can't be loaded here (%s)\n", strerror(errno));
        return SKIP;
    }
    redirect_bpf__destroy(probe);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
