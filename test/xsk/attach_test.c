// SPDX-License-Identifier: BSD-2-Clause
/* Attaching, in every way there is without a dispatcher, and what the next process finds after one
 * that ended without a word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "attach_lab.h"

static void test_means(void **state)
{
    static const enum xdp_means means[] = {XDP_MEANS_LINK, XDP_MEANS_NETLINK};

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int skb = 0; skb < 2; skb++) {
            struct try try;

            attach(&try, false, skb, i == 0 ? XDP_MEANS_AUTO : means[i]);
            assert_int_equal(try.attachment->means, means[i]);
            assert_false(try.attachment->replaced);
            assert_true(what().ours);
            assert_int_equal(what().skb, skb);
            detach(&try);
            assert_int_equal(what().id, 0);
        }
    }
}

static void test_a_link_dies_with_its_process(void **state)
{
    (void)state;
    die_attached(false, false, XDP_MEANS_AUTO);
    wait_until_bare();
}

/* Whatever was left, in whatever mode: it is known as ours and gives way. */
static void test_leftovers(void **state)
{
    (void)state;
    for (int left = 0; left < 8; left++) {
        bool stayed = left & 1;
        bool skb = left & 2;
        enum xdp_means means = left & 4 ? XDP_MEANS_NETLINK : XDP_MEANS_AUTO;

        if (!stayed && means == XDP_MEANS_AUTO)
            continue; /* nothing would be left */
        for (int now = 0; now < 4; now++) {
            struct try try;

            die_attached(stayed, skb, means);
            uint32_t before = what().id;
            assert_int_not_equal(before, 0);
            assert_true(what().ours);
            attach(&try, now & 1, now & 2, XDP_MEANS_AUTO);
            assert_true(try.attachment->replaced);
            assert_int_not_equal(what().id, before);
            assert_int_equal(what().skb, (now & 2) != 0);
            detach(&try);
            assert_int_equal(what().id, 0);
        }
    }
}

/* From a pinned link to the next program without a moment between. */
static void test_swap(void **state)
{
    struct try try;

    (void)state;
    die_attached(true, false, XDP_MEANS_AUTO);
    assert_int_equal(prepare(&try, true, false, XDP_MEANS_AUTO), 0);
    uint32_t before = what().id;
    assert_int_not_equal(before, 0); /* still at work while maps are filled */
    assert_int_equal(xdp_attach(try.attachment, &try.error), 0);
    assert_int_not_equal(what().id, before);
    xdp_commit(try.attachment);
    xdp_leave(try.attachment);
    forget(&try);
    assert_int_not_equal(what().id, 0);
    attach(&try, true, false, XDP_MEANS_AUTO);
    detach(&try);
    assert_int_equal(what().id, 0);
}

static int load_other(const char *name)
{
    struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int program = bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", code, 2, NULL);

    assert_true(program >= 0);
    return program;
}

/* A name like ours doesn't make it ours. */
static void test_anothers(void **state)
{
    static const char *const names[] = {"someone", "afxdp_redirect"};
    int index = (int)if_nametoindex(PORT);

    (void)state;
    for (int i = 0; i < 2; i++) {
        int program = load_other(names[i]);
        struct try try;

        assert_int_equal(bpf_xdp_attach(index, program, XDP_FLAGS_DRV_MODE, NULL), 0);
        uint32_t before = what().id;
        assert_false(what().ours);
        assert_int_equal(prepare(&try, i, false, XDP_MEANS_AUTO), -EBUSY);
        assert_non_null(strstr(try.error.text, names[i]));
        assert_non_null(strstr(try.error.text, "bpftool net show dev " PORT));
        assert_int_equal(what().id, before);
        assert_int_equal(bpf_xdp_detach(index, XDP_FLAGS_DRV_MODE, NULL), 0);
        close(program);
    }
}

static void test_one_engine_at_a_time(void **state)
{
    struct try first, second;
    char process[32];

    (void)state;
    attach(&first, false, false, XDP_MEANS_AUTO);
    snprintf(process, sizeof(process), "process %d", (int)getpid());
    assert_int_equal(prepare(&second, false, false, XDP_MEANS_AUTO), -EBUSY);
    assert_non_null(strstr(second.error.text, process));
    detach(&first);
    attach(&second, false, false, XDP_MEANS_AUTO);
    detach(&second);
}

/* A pin whose interface is gone, and whose number another interface has now, means nothing. */
static void test_stale_pin(void **state)
{
    struct try try;

    (void)state;
    die_attached(true, false, XDP_MEANS_AUTO);
    unsigned index = if_nametoindex(PORT);
    char command[128];
    snprintf(command, sizeof(command),
             "ip link del " PORT " && ip link add " PORT " index %u type veth && ip link set " PORT
             " up",
             index);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command, as root
    assert_int_equal(if_nametoindex(PORT), index);
    attach(&try, true, false, XDP_MEANS_AUTO);
    assert_false(try.attachment->replaced);
    detach(&try);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),     cmocka_unit_test(test_a_link_dies_with_its_process),
        cmocka_unit_test(test_leftovers), cmocka_unit_test(test_swap),
        cmocka_unit_test(test_anothers),  cmocka_unit_test(test_one_engine_at_a_time),
        cmocka_unit_test(test_stale_pin),
    };

    return lab_run(tests);
}
