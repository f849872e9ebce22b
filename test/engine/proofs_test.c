// SPDX-License-Identifier: BSD-2-Clause
/* Who is proven to receive what is sent to its address: both ends of a true handshake, and nobody
 * who only sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet_details.h"
#include "proofs.h"

#define SECOND UINT64_C(1000000000)

enum { CLIENT = 1, SERVER = 2, HASH = 77, WIRE = 1 };

struct rig {
    struct proofs *proofs;
    struct handshakes *handshakes;
    uint64_t now;
};

static struct packet packet_of(uint32_t source)
{
    return (struct packet){.source = {source},
                           .destination = {CLIENT + SERVER - source},
                           .protocol = PROTOCOL_TCP,
                           .version = 4,
                           .seen = 20};
}

static void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void see(struct rig *rig, uint32_t source, uint32_t side, uint8_t flags, uint32_t number,
                uint32_t acknowledged)
{
    struct packet packet = packet_of(source);
    uint8_t header[20] = {[13] = flags};

    put32(header + 4, number);
    put32(header + 8, acknowledged);
    handshakes_see(rig->handshakes, &packet, header + sizeof(header), HASH, source == CLIENT, side,
                   rig->now);
}

static bool proven(const struct rig *rig, uint32_t source)
{
    struct packet packet = packet_of(source);

    return proofs_have_source(rig->proofs, &packet, rig->now);
}

static struct rig begin(bool two_sides)
{
    struct rig rig = {.now = 1000 * SECOND};

    assert_int_equal(proofs_new(&rig.proofs), 0);
    assert_int_equal(handshakes_new(&rig.handshakes, rig.proofs, two_sides), 0);
    return rig;
}

static void end(struct rig *rig)
{
    free(rig->handshakes);
    free(rig->proofs);
}

static void test_a_handshake(void **state)
{
    (void)state;
    for (uint32_t two = 0; two < 2; two++) {
        struct rig rig = begin(two);

        see(&rig, CLIENT, 0, TCP_SYN, 100, 0);
        assert_false(proven(&rig, CLIENT));
        see(&rig, SERVER, two, TCP_SYN | TCP_ACK, UINT32_MAX, 101);
        assert_true(proven(&rig, SERVER));
        assert_false(proven(&rig, CLIENT));
        see(&rig, CLIENT, 0, TCP_ACK, 101, 0);
        assert_true(proven(&rig, CLIENT));
        rig.now += (PROOF_SECONDS - 2) * SECOND;
        assert_true(proven(&rig, CLIENT));
        rig.now += 10 * SECOND;
        assert_false(proven(&rig, CLIENT));
        end(&rig);
    }
}

static void test_who_only_sends(void **state)
{
    struct rig rig = begin(false);

    (void)state;
    see(&rig, CLIENT, 0, TCP_SYN, 100, 0);
    see(&rig, SERVER, 0, TCP_SYN | TCP_ACK, 5000, 100); /* acknowledges something else */
    assert_false(proven(&rig, SERVER));
    see(&rig, CLIENT, 0, TCP_ACK, 101, 5001);
    assert_false(proven(&rig, CLIENT));
    see(&rig, SERVER, 0, TCP_SYN | TCP_ACK, 5000, 101);
    see(&rig, CLIENT, 0, TCP_ACK, 101, 5000); /* a guess */
    see(&rig, CLIENT, 0, TCP_ACK | TCP_RST, 101, 5001);
    see(&rig, CLIENT, 0, TCP_SYN, 101, 5001);
    assert_false(proven(&rig, CLIENT));
    end(&rig);
}

static void test_both_sides_by_one(void **state)
{
    struct rig rig = begin(true);

    (void)state;
    see(&rig, CLIENT, 0, TCP_SYN, 100, 0);
    see(&rig, SERVER, 0, TCP_SYN | TCP_ACK, 5000, 101);
    see(&rig, CLIENT, 0, TCP_ACK, 101, 5001);
    assert_false(proven(&rig, SERVER));
    assert_false(proven(&rig, CLIENT));
    see(&rig, SERVER, WIRE, TCP_SYN | TCP_ACK, 5000, 101);
    see(&rig, CLIENT, WIRE, TCP_ACK, 101, 5001); /* the ACK by the server's end */
    assert_false(proven(&rig, CLIENT));
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_handshake),
        cmocka_unit_test(test_who_only_sends),
        cmocka_unit_test(test_both_sides_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
