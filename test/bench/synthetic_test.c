// SPDX-License-Identifier: BSD-2-Clause
/* What the generator's frames are a mixture of: flows in turn or drawn, a flood among them. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synthetic.h"

enum { FLOWS = 1000, FRAMES = 200000, LENGTH = 60 };

static uint16_t at16(const uint8_t *at)
{
    return load_be16(at);
}

static uint32_t at32(const uint8_t *at)
{
    return (uint32_t)at16(at) << 16 | at16(at + 2);
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static uint32_t sum_of(const uint8_t *at, int length)
{
    uint32_t sum = 0;

    for (int i = 0; i < length; i += 2)
        sum += at16(at + i);
    return sum;
}

static void check_udp(const uint8_t *frame)
{
    const uint8_t *ip = frame + 14;

    assert_int_equal(at16(ip + 2), LENGTH - 14);
    assert_int_equal(ip[9], 17);
    assert_int_equal(at16(ip + 24), LENGTH - 34);
    assert_int_equal(at16(ip + 26), 0);
    for (int i = SYNTHETIC_STAMP; i < LENGTH; i++)
        assert_int_equal(frame[i], i);
}

static void check_syn(const uint8_t *frame)
{
    const uint8_t *ip = frame + 14, *tcp = ip + 20;

    assert_int_equal(at16(ip + 2), 40);
    assert_int_equal(at16(tcp + 2), 80);
    assert_int_equal(at16(tcp + 12), 0x5002);
    assert_int_equal(folded(sum_of(tcp, 20) + sum_of(ip + 12, 8) + 6 + 20), 0xffff);
    assert_in_range(ip[12], 1, 223);
}

/* How many frames each flow has; the flood's are checked and counted apart. */
static uint32_t count_flows(const struct synthetic_options *options, uint32_t *flows)
{
    struct synthetic *synthetic;
    struct frame frames[BURST_MAX];
    uint32_t syns = 0;
    int count;

    assert_int_equal(synthetic_new(&synthetic, options), 0);
    struct port *port = synthetic_port(synthetic);
    while ((count = port->operations->receive(port, frames, BURST_MAX)) > 0) {
        for (int i = 0; i < count; i++) {
            const uint8_t *ip = frames[i].data + 14;

            assert_int_equal(frames[i].length, LENGTH);
            assert_int_equal(folded(sum_of(ip, 20)), 0xffff);
            if (ip[9] == 6) {
                check_syn(frames[i].data);
                syns++;
                continue;
            }
            check_udp(frames[i].data);
            uint32_t flow = at32(ip + 12) - SYNTHETIC_CLIENTS;
            assert_in_range(flow, 0, options->flows - 1);
            flows[flow]++;
        }
    }
    assert_int_equal(count, -ENODATA);
    synthetic_free(synthetic);
    return syns;
}

static void within(double value, double wanted, double share)
{
    if (fabs(value - wanted) > wanted * share)
        fail_msg("%g instead of %g", value, wanted);
}

static const struct synthetic_options plain = {.count = FRAMES, .flows = FLOWS, .length = LENGTH};

static void test_turn(void **state)
{
    uint32_t flows[FLOWS] = {0};

    (void)state;
    assert_int_equal(count_flows(&plain, flows), 0);
    for (int i = 0; i < FLOWS; i++)
        assert_int_equal(flows[i], FRAMES / FLOWS);
}

static void test_uniform(void **state)
{
    struct synthetic_options options = plain;
    uint32_t flows[FLOWS] = {0};
    bool differ = false;

    (void)state;
    options.order = SYNTHETIC_UNIFORM;
    count_flows(&options, flows);
    for (int i = 0; i < FLOWS; i++) {
        within(flows[i], (double)FRAMES / FLOWS, 0.5); /* seven standard deviations */
        differ |= flows[i] != FRAMES / FLOWS;
    }
    assert_true(differ);
}

static void test_zipf(void **state)
{
    struct synthetic_options options = plain;
    uint32_t flows[FLOWS] = {0};
    double all = 0;

    (void)state;
    options.order = SYNTHETIC_ZIPF;
    count_flows(&options, flows);
    for (int i = 1; i <= FLOWS; i++)
        all += 1.0 / i;
    for (int i = 0; i < 8; i++)
        within(flows[i], FRAMES / all / (i + 1), 0.05);
    double of_tail = 0, wanted = 0;
    for (int i = 500; i < FLOWS; i++) {
        assert_in_range(flows[i], 1, FRAMES / 100);
        of_tail += flows[i];
        wanted += FRAMES / all / (i + 1);
    }
    within(of_tail, wanted, 0.05);
}

/* One flow, and as many as there can be, of which none is beyond the last. */
static void test_zipf_bounds(void **state)
{
    uint32_t zipf[SYNTHETIC_PARTS + 1];

    (void)state;
    for (uint32_t flows = 1; flows <= SYNTHETIC_FLOWS_MOST; flows *= 64) {
        const struct synthetic_mix mix = {.flows = flows, .order = SYNTHETIC_ZIPF};

        synthetic_zipf(&mix, zipf);
        assert_int_equal(zipf[0], 0);
        assert_int_equal(zipf[SYNTHETIC_PARTS], flows);
        for (int i = 0; i < SYNTHETIC_PARTS; i++)
            assert_true(zipf[i] <= zipf[i + 1]);
        for (uint64_t number = 0; number < 10000; number++)
            assert_in_range(synthetic_flow(number, &mix, zipf), 0, flows - 1);
    }
}

static void test_flood(void **state)
{
    struct synthetic_options options = plain;
    uint32_t flows[FLOWS] = {0};

    (void)state;
    options.syn_flood = 30;
    within(count_flows(&options, flows), FRAMES * 0.3, 0.02);
    options.syn_flood = 100;
    assert_int_equal(count_flows(&options, flows), FRAMES);
}

static int by_address(const void *a, const void *b)
{
    return memcmp(a, b, 4);
}

static void test_sources(void **state)
{
    enum { COUNT = 5000 };
    static uint8_t sources[COUNT][4];
    const struct synthetic_mix mix = {.flows = 1, .length = LENGTH, .syn_flood = 100};
    uint8_t frame[LENGTH] = {0};
    uint32_t same = 0;

    (void)state;
    for (uint64_t number = 0; number < COUNT; number++) {
        synthetic_vary(frame, number, &mix, NULL, 0);
        memcpy(sources[number], frame + SYNTHETIC_SOURCE, 4);
    }
    qsort(sources, COUNT, 4, by_address);
    for (int i = 1; i < COUNT; i++)
        same += memcmp(sources[i - 1], sources[i], 4) == 0;
    assert_in_range(same, 0, 3); /* of 3.7 billion */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn),  cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_zipf),  cmocka_unit_test(test_zipf_bounds),
        cmocka_unit_test(test_flood), cmocka_unit_test(test_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
