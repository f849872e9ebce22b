// SPDX-License-Identifier: BSD-2-Clause
/* Whom a worker accuses: the source as the program in front of the ring knows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address_lists.h"
#include "pipeline.h"

enum { SECONDS = 60, SLOT = 1 };

/* What is told of one packet of a class with a block. */
static struct offence accused(const struct packet *packet)
{
    struct pipeline *pipeline = pipeline_new();
    struct worker_ring *ring;
    struct policy policy = {.block_seconds = {[SLOT] = SECONDS}};
    struct offence offence = {.seconds = 0};

    assert_non_null(pipeline);
    assert_int_equal(worker_ring_new(&ring), 0);
    struct accuser accuser = {.ring = ring};
    struct burst *burst = &pipeline->burst;
    burst->count = burst->ip_count = 1;
    burst->slot[0] = SLOT;
    burst->packets[0] = *packet;
    burst->feature_count = FEATURES_1;
    burst->features[FEATURE_DIRECTION] = 1;
    accuser_see(&accuser, burst, &policy, 0);
    assert_true(worker_ring_take(ring, &offence, sizeof(offence)));
    assert_int_equal(offence.seconds, SECONDS);
    free(ring);
    free(pipeline);
    return offence;
}

/* With --flow-key vlan an IPv4 packet has more beside its addresses, and a block is of the host. */
static void names_the_address_alone(void **state)
{
    (void)state;
    struct packet packet = {.source = {7}, .destination = {8}, .version = 4};
    const struct tunnel tunnel = {.taken = tunnel_identify(0, TUNNEL_VLAN, 5)};
    struct address_pair pair;

    (void)address_pair_of(&pair, &packet);
    struct block_key expected = block_key_of(&pair.source);
    struct offence plain = accused(&packet);
    assert_true(block_key_equal(&plain.source, &expected));
    tunnel_mark(&tunnel, &packet);
    struct offence tagged = accused(&packet);
    assert_true(block_key_equal(&tagged.source, &expected));
}

static void names_all_of_an_ipv6_address(void **state)
{
    (void)state;
    struct packet packet = {.source = {7, 9}, .destination = {8, 10}, .version = 6};
    struct address_pair pair;

    (void)address_pair_of(&pair, &packet);
    struct block_key expected = block_key_of(&pair.source);
    struct offence offence = accused(&packet);
    assert_true(block_key_equal(&offence.source, &expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_address_alone),
        cmocka_unit_test(names_all_of_an_ipv6_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
