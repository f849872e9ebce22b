// SPDX-License-Identifier: BSD-2-Clause
/* --bypass in the two programs that have it, on made-up frames (BPF_PROG_TEST_RUN): each frame is
 * bypassed by both or by neither, with later fragments of what was bypassed. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "built_packets.h"

#include <bpf/bpf.h>

#include "bypass.h"
#include "kernel_models.h"
#include "path_run.h"
#include "redirect_abi.h"

#include "redirect.skel.h"

enum { RANDOM_FRAMES = 20000 };

static const struct bypass services = {2, {{22, PROTOCOL_TCP, 0}, {5000, PROTOCOL_UDP, 0}}};

struct programs {
    struct redirect_bpf *redirect;
    struct path_program *none;
    struct xdp_path *path;
};

static int load(void **state)
{
    static struct programs programs;
    const struct path_settings settings = {
        .flows = 64, .timeout = UINT64_MAX, .options = {.bypass = services}};
    struct error error;

    programs.redirect = redirect_bpf__open();
    assert_non_null(programs.redirect);
    programs.redirect->rodata->bypass = services;
    assert_int_equal(redirect_bpf__load(programs.redirect), 0);
    assert_int_equal(path_none_new(&programs.none, &error), 0);
    assert_int_equal(path_run_open(&programs.path, programs.none, &settings, NULL, &error), 0);
    *state = &programs;
    return 0;
}

static int unload(void **state)
{
    struct programs *programs = *state;

    redirect_bpf__destroy(programs->redirect);
    path_run_close(programs->path);
    return 0;
}

static uint64_t bypassed_by_redirect(struct programs *programs)
{
    int cpus = libbpf_num_possible_cpus();
    struct redirect_counters each[cpus > 0 ? cpus : 1];
    uint32_t queue = 0;
    uint64_t sum = 0;

    assert_int_equal(
        bpf_map_lookup_elem(bpf_map__fd(programs->redirect->maps.counters), &queue, each), 0);
    for (int i = 0; i < cpus; i++)
        sum += each[i].bypassed;
    return sum;
}

static uint64_t bypassed_by_path(const struct programs *programs)
{
    struct path_counters counters;

    path_totals(programs->path, &counters);
    return counters.left.bypassed;
}

static void run(int program, const struct built *built)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = built->bytes, .data_size_in = built->length);

    assert_int_equal(bpf_prog_test_run_opts(program, &options), 0);
    assert_int_equal(options.retval, XDP_PASS);
}

/* What both say of it. */
static bool is_bypassed(struct programs *programs, const struct built *built)
{
    uint64_t redirect = bypassed_by_redirect(programs);
    uint64_t path = bypassed_by_path(programs);

    run(bpf_program__fd(programs->redirect->progs.afxdp_redirect), built);
    run(path_entry_fd(programs->path), built);
    redirect = bypassed_by_redirect(programs) - redirect;
    path = bypassed_by_path(programs) - path;
    assert_int_equal(redirect, path);
    return path == 1;
}

/* A fragment of an IPv4 datagram, whose port only the first has. */
static struct built part4(uint32_t number, uint32_t offset, bool more, uint32_t port)
{
    struct built built = ipv4(PROTOCOL_UDP, 5, 40);

    built.bytes[built.start + 5] = (uint8_t)number;
    built.bytes[built.start + 6] = more ? 0x20 : 0;
    built.bytes[built.start + 7] = (uint8_t)offset;
    built.bytes[built.start + 22] = (uint8_t)(port >> 8);
    built.bytes[built.start + 23] = (uint8_t)port;
    return built;
}

static struct built part6(uint32_t number, uint32_t offset, bool more, uint32_t port)
{
    struct built built = begin_ipv6(PROTOCOL_FRAGMENT);

    put_fragment(&built, PROTOCOL_UDP, offset, more);
    built.bytes[built.length - 1] = (uint8_t)number;
    put16(&built, 1000);
    put16(&built, port);
    put_zeros(&built, 36);
    end_ipv6(&built);
    return built;
}

typedef struct built part(uint32_t number, uint32_t offset, bool more, uint32_t port);

static void later_fragments(struct programs *programs, part *make)
{
    struct built first = make(1, 0, true, 5000);
    struct built later = make(1, 2, false, 0);
    struct built stranger = make(2, 2, false, 5000);
    struct built other = make(1, 0, true, 53);
    struct built elsewhere = make(1, 2, false, 0);

    assert_false(is_bypassed(programs, &later));
    assert_true(is_bypassed(programs, &first));
    assert_true(is_bypassed(programs, &later));
    assert_true(is_bypassed(programs, &later));
    assert_false(is_bypassed(programs, &stranger)); /* another number */
    elsewhere.bytes[elsewhere.start + 19]++;        /* another host */
    assert_false(is_bypassed(programs, &elsewhere));
    /* what comes by the same number from another service isn't taken along */
    assert_false(is_bypassed(programs, &other));
    assert_false(is_bypassed(programs, &later));
}

static void later_ipv4_fragments_follow_the_first(void **state)
{
    later_fragments(*state, part4);
}

static void later_ipv6_fragments_follow_the_first(void **state)
{
    later_fragments(*state, part6);
}

static void a_while_later_they_do_not(void **state)
{
    struct built first = part4(9, 0, true, 5000);
    struct built later = part4(9, 2, false, 0);
    const struct timespec a_while = {.tv_sec = 2, .tv_nsec = 100000000};

    assert_true(is_bypassed(*state, &first));
    nanosleep(&a_while, NULL);
    assert_false(is_bypassed(*state, &later));
}

/* What the C function says of a whole packet, both programs do. */
static void programs_and_rule_agree(void **state)
{
    static const uint8_t protocols[] = {
        PROTOCOL_ICMP,   PROTOCOL_IGMP,     PROTOCOL_TCP, PROTOCOL_UDP,
        PROTOCOL_ICMPV6, PROTOCOL_FRAGMENT, 47,           PROTOCOL_HOP_BY_HOP};
    static const uint8_t bytes[] = {0,   1,   2,   3,   22,   67,   68, 9, 64, 130, 133,
                                    135, 137, 143, 255, 0x45, 0x60, 58, 6, 17, 8};
    struct programs *programs = *state;
    uint64_t seed = kernel_seed();
    uint32_t bypassed = 0;

    srandom((unsigned)seed);
    for (uint32_t i = 0; i < RANDOM_FRAMES; i++) {
        uint32_t protocol = protocols[random() % 8];
        struct built built = random() % 2 ? ipv4(protocol, 5, 60) : begin_ipv6(protocol);
        struct packet packet = {0};
        uint32_t number;

        if (built.length < 80) {
            put_zeros(&built, 64);
            end_ipv6(&built);
        }
        for (uint32_t n = 0; n < 6; n++) {
            uint32_t at = built.start + 6 + (uint32_t)random() % 66;

            if (at > built.start + 7 && at != built.start + 9)
                built.bytes[at] = bytes[(uint32_t)random() % sizeof(bytes)];
        }
        bool four = built.bytes[built.start] == 0x45;
        if (random() % 2) { /* hops, and the first byte of the transport */
            built.bytes[built.start + (four ? 8 : 7)] = random() % 2 ? 1 : 255;
            built.bytes[built.start + (four ? 20 : 40)] = bytes[(uint32_t)random() % sizeof(bytes)];
        }
        const uint8_t *network = built.bytes + built.start;
        const uint8_t *end = built.bytes + built.length;
        bool expected =
            parse(&built, &packet) == PACKET_IP &&
            (bypass_names(&services, &packet) || bypass_needs(&services, network, end, &packet));
        bool whole = bypass_fragment(network, end, &packet, &number) == BYPASS_WHOLE;

        bool said = is_bypassed(programs, &built);
        if (whole && said != expected)
            fail_msg("frame %u: programs and rule differ", i);
        bypassed += said;
    }
    printf("%u of %d frames bypassed\n", bypassed, RANDOM_FRAMES);
    assert_in_range(bypassed, RANDOM_FRAMES / 100, RANDOM_FRAMES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_ipv4_fragments_follow_the_first),
        cmocka_unit_test(later_ipv6_fragments_follow_the_first),
        cmocka_unit_test(a_while_later_they_do_not),
        cmocka_unit_test(programs_and_rule_agree),
    };

    kernel_need_root();
    kernel_stay_on_cpu();
    return cmocka_run_group_tests(tests, load, unload);
}
