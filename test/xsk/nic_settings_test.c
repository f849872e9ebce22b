// SPDX-License-Identifier: BSD-2-Clause
/* The text in which changed settings outlive an engine: what is written is read, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nic_settings.h"
#include "random.h"

#define HEAD "afxdp-engine settings 1\ndevice 5f-a 12345678901234567890 02:00:5e:00:ff:01\n"

static const char all[] = HEAD "promiscuous off on\n"
                               "napi_defer_hard_irqs 0 2\n"
                               "gro_flush_timeout 0 200000 100000\n"
                               "rx-vlan-hw-parse on off\n"
                               "rx-vlan-filter on off\n"
                               "rx-lro on off\n"
                               "rx-gro-hw on off\n"
                               "channels 4/4/0 2/2/0 3/3/0\n"
                               "rss-key 00ff12 6d5a6d\n"
                               "rss-table 0,0,1,17 kernel\n"
                               "rss-udp4 48 240\n"
                               "rss-udp6 48 240\n";

static void check_refused(const char *text, const char *says)
{
    struct nic_settings settings;
    struct error error = {""};

    assert_int_equal(nic_settings_parse(&settings, text, &error), -EINVAL);
    if (!strstr(error.text, says))
        fail_msg("'%s' for:\n%s", error.text, text);
}

static void test_round_trip(void **state)
{
    struct nic_settings settings;
    struct error error;
    char *text;

    (void)state;
    assert_int_equal(nic_settings_parse(&settings, all, &error), 0);
    assert_string_equal(settings.change[NIC_CHANNELS].before, "4/4/0");
    assert_string_equal(settings.change[NIC_CHANNELS].left, "2/2/0");
    assert_string_equal(settings.change[NIC_CHANNELS].set, "3/3/0");
    assert_null(settings.change[NIC_RSS_TABLE].set);
    for (int i = 0; i < NIC_SETTINGS; i++)
        assert_non_null(settings.change[i].before);
    assert_int_equal(nic_settings_print(&text, &settings), 0);
    assert_string_equal(text, all);
    free(text);
    nic_settings_drop(&settings);
    assert_int_equal(nic_settings_print(&text, &settings), 0);
    assert_null(text);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", "line 1"},
        {"\n", "line 1"},
        {"afxdp-engine settings 2\n", "line 1"},
        {"afxdp-engine settings 1", "line 1"},
        {"afxdp-engine settings 1\n", "line 2"},
        {"afxdp-engine settings 1\npromiscuous off on\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b 1 02:00:00:00:00\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b 1 02:00:00:00:00:0\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b 1 02:00:00:00:00:001\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b -1 02:00:00:00:00:01\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b 1x 02:00:00:00:00:01\n", "line 2"},
        {"afxdp-engine settings 1\ndevice b 1\n", "line 2"},
        {HEAD "\n", "line 3"},
        {HEAD "promiscuous off\n", "line 3"},
        {HEAD "promiscuous off on", "line 3"},
        {HEAD "promiscuous off on on on\n", "line 3"},
        {HEAD "promiscuous  off on\n", "line 3"},
        {HEAD "promiscuous off on \n", "line 3"},
        {HEAD " promiscuous off on\n", "line 3"},
        {HEAD "promiscuous off yes\n", "line 3"},
        {HEAD "promiscuous off on\npromiscuous off on\n", "line 4"},
        {HEAD "mtu 1500 9000\n", "line 3"},
        {HEAD "channels 4/4 2/2\n", "line 3"},
        {HEAD "channels 4/4/0/0 2/2/0\n", "line 3"},
        {HEAD "channels 4/-4/0 2/2/0\n", "line 3"},
        {HEAD "channels 4//0 2/2/0\n", "line 3"},
        {HEAD "channels 4/4/4294967296 2/2/0\n", "line 3"},
        {HEAD "gro_flush_timeout 0 0x10\n", "line 3"},
        {HEAD "gro_flush_timeout 0 9999999999999999999\n", "line 3"},
        {HEAD "rss-key 00f 6d5a\n", "line 3"},
        {HEAD "rss-key 00fg 6d5a\n", "line 3"},
        {HEAD "rss-table 0,,1 kernel\n", "line 3"},
        {HEAD "rss-table 0,1, kernel\n", "line 3"},
        {HEAD "rss-table kernels 0\n", "line 3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_refused(cases[i].text, cases[i].says);
}

/* Whatever is broken in it: refused, or read as something that can be written. */
static void test_broken(void **state)
{
    struct random random = random_begin("nic_settings");
    int refused = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct nic_settings settings;
        char text[sizeof(all)], *again = NULL;
        struct error error;

        memcpy(text, all, sizeof(all));
        for (uint32_t n = 1 + random_below(&random, 3); n > 0; n--)
            text[random_below(&random, sizeof(all) - 1)] = (char)random_below(&random, 256);
        if (nic_settings_parse(&settings, text, &error) != 0) {
            refused++;
            continue;
        }
        assert_int_equal(nic_settings_print(&again, &settings), 0);
        nic_settings_drop(&settings);
        if (!again)
            continue;
        assert_int_equal(nic_settings_parse(&settings, again, &error), 0);
        nic_settings_drop(&settings);
        free(again);
    }
    assert_in_range(refused, 10000, 19999);
}

static void test_device(void **state)
{
    const struct nic_device device = {.boot = "b", .birth = 7, .address = {2}};
    struct nic_device other = device;

    (void)state;
    assert_true(nic_device_is(&device, &other));
    other.address[5] = 1; /* somebody has given it another */
    assert_true(nic_device_is(&device, &other));
    other.birth = 0;
    assert_false(nic_device_is(&device, &other));
    other.address[5] = 0;
    assert_true(nic_device_is(&device, &other));
    other.birth = 8;
    assert_false(nic_device_is(&device, &other));
    other = device;
    other.boot[0] = 'c';
    assert_false(nic_device_is(&device, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
