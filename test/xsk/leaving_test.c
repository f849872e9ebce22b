// SPDX-License-Identifier: BSD-2-Clause
/* Checksums of frames that cross by themselves, by the redirect program on made-up frames
 * (BPF_PROG_TEST_RUN). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <net/if.h>

#include "packet.h"
#include "random.h"
#include "redirect_abi.h"

#include "redirect.skel.h"

enum { SKIP = 77 };

static struct redirect_bpf *load(bool complete)
{
    struct redirect_bpf *program = redirect_bpf__open();
    uint32_t first = 0;
    uint32_t loopback = if_nametoindex("lo");

    assert_non_null(program);
    program->rodata->inline_port = 1;
    program->rodata->complete_cross = complete;
    program->rodata->leaving_completes = complete;
    assert_int_equal(redirect_bpf__load(program), 0);
    assert_int_equal(
        bpf_map_update_elem(bpf_map__fd(program->maps.other_port), &first, &loopback, BPF_ANY), 0);
    return program;
}

static void put_type(uint8_t *frame, uint32_t at, uint16_t type)
{
    frame[at] = (uint8_t)(type >> 8);
    frame[at + 1] = (uint8_t)type;
}

enum { WHOLE_MOST = 1600 };

/* The reference: a sum of 16-bit words in wire order. */
static uint32_t add_words(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* A frame whose transport begins at `*at` and has `length` bytes. */
struct whole {
    uint8_t bytes[WHOLE_MOST];
    uint32_t size;
    uint32_t at;
    uint32_t length;
    uint32_t field; /* of the checksum */
    uint16_t pseudo;
};

static void make_whole(struct whole *whole, struct random *random, uint8_t protocol)
{
    bool six = random_word(random) % 2;
    uint32_t tags = (uint32_t)(random_word(random) % 3);
    uint32_t options = six ? 0 : (uint32_t)(random_word(random) % 11) * 4;
    uint32_t ip = 14 + 4 * tags;
    uint32_t header = six ? 40 : 20 + options;
    uint32_t sum;

    for (uint32_t i = 0; i < WHOLE_MOST; i++)
        whole->bytes[i] = (uint8_t)random_word(random);
    for (uint32_t i = 0; i < tags; i++)
        put_type(whole->bytes, 12 + 4 * i, ETHERTYPE_VLAN);
    put_type(whole->bytes, ip - 2, six ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    whole->length = 20 + (uint32_t)(random_word(random) % 1430);
    whole->at = ip + header;
    whole->size = whole->at + whole->length + (uint32_t)(random_word(random) % 8); /* padding */
    whole->field = whole->at + (protocol == PROTOCOL_TCP ? 16 : 6);
    whole->bytes[ip] = six ? 0x60 : (uint8_t)(0x45 + options / 4);
    if (six) {
        put_type(whole->bytes, ip + 4, (uint16_t)whole->length);
        whole->bytes[ip + 6] = protocol;
        sum = add_words(0, whole->bytes + ip + 8, 32);
    } else {
        put_type(whole->bytes, ip + 2, (uint16_t)(header + whole->length));
        put_type(whole->bytes, ip + 6, 0);
        whole->bytes[ip + 9] = protocol;
        sum = add_words(0, whole->bytes + ip + 12, 8);
    }
    whole->pseudo = fold(sum + protocol + whole->length);
}

/* What the program makes of the frame, in its place. */
static void cross(struct redirect_bpf *program, struct whole *whole)
{
    struct whole before = *whole;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = before.bytes, .data_size_in = before.size,
                .data_out = whole->bytes, .data_size_out = sizeof(whole->bytes));

    assert_int_equal(
        bpf_prog_test_run_opts(bpf_program__fd(program->progs.afxdp_redirect), &options), 0);
    assert_int_equal(options.retval, XDP_REDIRECT);
    assert_int_equal(options.data_size_out, before.size);
}

/* A field that is only the pseudo header's sum becomes the checksum; any other stays, and so does
 * everything of SCTP, of fragments, and of UDP without a checksum. */
static void test_checksums(void **state)
{
    static const uint8_t protocols[] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP};
    struct random random = random_begin("leaving_test");

    (void)state;
    for (int complete = 0; complete < 2; complete++) {
        struct redirect_bpf *program = load(complete);

        for (uint32_t i = 0; i < 3000; i++) {
            uint8_t protocol = protocols[i % 3];
            struct whole whole, before;

            make_whole(&whole, &random, protocol);
            bool partial = i / 3 % 2;
            bool none = !partial && i / 6 % 2;
            bool fragment = i % 11 == 0 && whole.bytes[whole.at - 1] % 2;
            if (partial)
                put_type(whole.bytes, whole.field, whole.pseudo);
            else if (none)
                put_type(whole.bytes, whole.field, 0);
            if (fragment && whole.bytes[whole.at - 20] == 0x45)
                whole.bytes[whole.at - 20 + 7] = 8;
            else
                fragment = false;
            before = whole;
            cross(program, &whole);
            uint16_t sum = fold(add_words(whole.pseudo, whole.bytes + whole.at, whole.length));
            bool completed = complete && partial && !fragment && protocol != PROTOCOL_SCTP;
            if (completed) {
                assert_int_equal(sum, 0xffff);
                assert_true(protocol != PROTOCOL_UDP ||
                            whole.bytes[whole.field] | whole.bytes[whole.field + 1]);
                memcpy(before.bytes + whole.field, whole.bytes + whole.field, 2);
            }
            assert_memory_equal(whole.bytes, before.bytes, whole.size);
        }
        redirect_bpf__destroy(program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_checksums)};
    struct redirect_bpf *probe = redirect_bpf__open_and_load();

    if (!probe) {
        printf("skipped: no XDP program can be loaded here (needs root)\n");
        return SKIP;
    }
    redirect_bpf__destroy(probe);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
