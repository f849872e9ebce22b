// SPDX-License-Identifier: BSD-2-Clause
/* A start that fails, over whatever an ended engine left: the wire is as it was. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "attach_lab.h"

/* Every kind of leftover, and none. */
static const struct kind leftovers[] = {
    {.means = XDP_MEANS_LINK}, /* dies with its process: nothing is left */
    {.stay = true},
    {.stay = true, .redirect = true},
    {.stay = true, .redirect = true, .fail_closed = true},
    {.stay = true, .skb = true, .fail_closed = true, .redirect = true},
    {.means = XDP_MEANS_NETLINK},
    {.means = XDP_MEANS_NETLINK, .skb = true, .redirect = true, .fail_closed = true},
};
enum { LEFTOVERS = sizeof(leftovers) / sizeof(leftovers[0]) };

static const struct kind starts[] = {
    {0},
    {.stay = true},
    {.redirect = true, .stay = true, .fail_closed = true},
    {.redirect = true, .skb = true, .stay = true},
    {.redirect = true, .skb = true},
    {.means = XDP_MEANS_NETLINK},
};
enum { STARTS = sizeof(starts) / sizeof(starts[0]) };

/* Whatever was left, and whatever starts over it: prepared, reverted or closed before it was
 * committed, it leaves the wire as it was. */
static void test_a_start_that_fails_leaves_the_wire_as_it_was(void **state)
{
    (void)state;
    for (int i = 0; i < LEFTOVERS * STARTS; i++) {
        const struct kind *left = &leftovers[i / STARTS];
        struct xdp_attached before;
        uint32_t pinned;
        struct try try;

        leave_behind(left, &before, &pinned);
        for (int end = 0; end < 3; end++) {
            assert_int_equal(prepare_on(&try, PORT, starts[i % STARTS]), 0);
            assert_is_as_before(&before, pinned);
            assert_int_equal(try.attachment->replaced, before.id != 0);
            if (end > 0)
                assert_int_equal(xdp_attach(try.attachment, &try.error), 0);
            if (end > 0)
                assert_int_not_equal(what().id, before.id);
            if (end > 1) {
                assert_int_equal(xdp_revert(try.attachment, &try.error), 0);
                assert_is_as_before(&before, pinned);
            }
            detach(&try);
            assert_is_as_before(&before, pinned);
        }
        clear_port();
    }
}

/* lo has no native XDP: the new program can't go where the old one had to go first. */
static void test_a_refused_driver_leaves_the_wire_as_it_was(void **state)
{
    const struct kind closed = {.stay = true, .skb = true, .fail_closed = true, .redirect = true};
    struct try left, try;

    (void)state;
    assert_int_equal(prepare_on(&left, "lo", closed), 0);
    assert_int_equal(xdp_attach(left.attachment, &left.error), 0);
    xdp_commit(left.attachment);
    xdp_leave(left.attachment);
    forget(&left);
    uint32_t before = what_is_on("lo").id;
    assert_int_not_equal(before, 0);
    assert_int_equal(prepare_on(&try, "lo", (struct kind){0}), 0);
    assert_int_equal(xdp_attach(try.attachment, &try.error), -EOPNOTSUPP);
    assert_non_null(strstr(try.error.text, "--mode skb"));
    detach(&try);
    assert_int_equal(what_is_on("lo").id, before);
    assert_int_equal(pinned_program(), before);
    assert_int_equal(prepare_on(&try, "lo", closed), 0);
    assert_int_equal(xdp_attach(try.attachment, &try.error), 0);
    xdp_commit(try.attachment);
    detach(&try);
    assert_int_equal(what_is_on("lo").id, 0);
}

static void test_what_a_leftover_does_is_known(void **state)
{
    (void)state;
    for (int i = 0; i < LEFTOVERS; i++) {
        struct xdp_leftover left;
        struct xdp_attached before;
        uint32_t pinned;

        leave_behind(&leftovers[i], &before, &pinned);
        assert_int_equal(xdp_leftover_query(&left, (int)if_nametoindex(PORT)), 0);
        assert_int_equal(left.means != XDP_MEANS_AUTO, before.id != 0);
        if (before.id != 0) {
            assert_true(left.known);
            assert_int_equal(left.skb, leftovers[i].skb);
            assert_int_equal(left.fail_closed, leftovers[i].fail_closed);
            assert_int_equal(left.other_ifindex,
                             leftovers[i].stay && !leftovers[i].fail_closed ? 7 : 0);
        }
        clear_port();
    }
}

static void drop_sys_admin(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) != 0)
        _exit(2);
    data[0].effective &= ~(1u << CAP_SYS_ADMIN);
    data[0].permitted &= ~(1u << CAP_SYS_ADMIN);
    if (syscall(SYS_capset, &header, data) != 0)
        _exit(3);
}

static void revert_without_sys_admin(const void *with)
{
    const uint32_t *before = with;
    struct try try;

    drop_sys_admin();
    for (int i = 0; i < 2; i++) {
        const struct kind kind = {.stay = true, .skb = i, .redirect = true};

        if (prepare_on(&try, PORT, kind) != 0 || xdp_attach(try.attachment, &try.error) != 0 ||
            what().id == *before || xdp_revert(try.attachment, &try.error) != 0 ||
            what().id != *before || !try.attachment->leftover.known ||
            !try.attachment->leftover.fail_closed) {
            fprintf(stderr, "%s\n", try.error.text);
            _exit(4);
        }
        xdp_detach(try.attachment);
    }
}

/* With the least capabilities too. */
static void test_reverts_without_sys_admin(void **state)
{
    struct xdp_attached before;
    uint32_t pinned;

    (void)state;
    leave_behind(&leftovers[3], &before, &pinned);
    in_child(revert_without_sys_admin, &before.id);
    assert_is_as_before(&before, pinned);
    clear_port();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_start_that_fails_leaves_the_wire_as_it_was),
        cmocka_unit_test(test_a_refused_driver_leaves_the_wire_as_it_was),
        cmocka_unit_test(test_what_a_leftover_does_is_known),
        cmocka_unit_test(test_reverts_without_sys_admin),
    };

    return lab_run(tests);
}
