// SPDX-License-Identifier: BSD-2-Clause
/* The table of drivers: rows that are found, whole and sourced; and the room in a chunk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver.h"

static void test_rows(void **state)
{
    static const char *const names[] = {"igb",        "igc",     "ixgbe", "i40e", "ice",
                                        "virtio_net", "vmxnet3", "veth",  "tun"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct driver *driver = driver_of(names[i]);

        assert_string_equal(driver->name, names[i]);
        assert_true(driver_is_known(driver));
        assert_true(driver->place[0] != '\0');
        assert_true(driver->room_step > 0);
    }
}

static void test_room(void **state)
{
    (void)state;
    assert_int_equal(driver_zerocopy_room(driver_of("igb"), 2048), 1024);
    assert_int_equal(driver_zerocopy_room(driver_of("igb"), 4096), 3072);
    assert_int_equal(driver_zerocopy_room(driver_of("ice"), 2048), 1792);
    assert_int_equal(driver_zerocopy_room(driver_of("veth"), 2048), 1792);
}

/* Nobody's frames depend on a driver that nobody looked at. */
static void test_unknown(void **state)
{
    const struct driver *driver = driver_of("nobodys");

    (void)state;
    assert_false(driver_is_known(driver));
    assert_ptr_equal(driver_of(""), driver);
    assert_int_equal(driver_zerocopy_room(driver, 2048), 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
