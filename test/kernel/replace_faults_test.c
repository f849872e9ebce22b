// SPDX-License-Identifier: BSD-2-Clause
/* A replacement that fails leaves the model at work, whichever call fails, alone or with all that
 * come after it: after each of 1,000, most of them with a failure in them, packets on both ports
 * meet the model that the result names. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "failing_calls.h"
#include "kernel_model.h"

enum {
    SKIP = 77,
    REPLACEMENTS = 1000,
    PORTS = 2,
    EXCHANGE_EVERY = 16, /* another program, which takes long to load */
    FILL_CALLS = 6,      /* at most, and one more that nothing is left to fail of */
    EXCHANGE_CALLS = 48,
};

enum { NETWORK, TREE, MODELS };

static const struct afxdp_callbacks silent;

static const uint8_t frame[64] = {
    2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30,
};

struct bench {
    struct model *file[MODELS];
    struct guard *guard[PORTS];
    struct kernel_model present;
    bool drops; /* the policy at work: it changes with every replacement */
};

static struct path_policy policy_that(bool drops)
{
    struct path_policy policy = {.min_confidence = 0};

    memset(policy.action, drops ? ACTION_DROP : ACTION_COUNT, SLOTS);
    return policy;
}

/* A network has to have its form: a failure is not to make it try the next. */
static enum config_form form_of(const struct model *file)
{
    return file->file->kind == Q8_NN ? FORM_SINGLE : FORM_AUTO;
}

static uint32_t run(const struct guard *guard)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
                .repeat = 1);

    assert_int_equal(bpf_prog_test_run_opts(xdp_program_fd(guard_attachment(guard)), &options), 0);
    return options.retval;
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
    return count;
}

static void begin(struct bench *bench)
{
    static const char *const names[MODELS] = {"models/nn1.q8", "models/dt1.q8"};
    static const char *const interfaces[PORTS] = {"afxdp0", "afxdp1"};
    const struct path_settings settings = {.flows = 1024, .timeout = UINT64_MAX, .seed = 3};
    struct path_policy policy = policy_that(false);
    struct error error = {""};

    for (uint32_t i = 0; i < MODELS; i++)
        assert_int_equal(model_open(&bench->file[i], names[i], &error), 0);
    if (kernel_model_open(&bench->present, bench->file[TREE], FORM_AUTO, &settings, &policy,
                          &silent, &error) != 0)
        fail_msg("%s", error.text);
    for (uint32_t i = 0; i < PORTS; i++) {
        const struct guard_options options = {
            .interface = interfaces[i],
            .without = GUARD_PASS,
            .skb = true,
            .beside = i > 0 ? bench->guard[0] : NULL,
        };

        if (guard_open(&bench->guard[i], &options, &error) != 0)
            fail_msg("%s", error.text);
    }
    if (guard_set_program(bench->guard[0], kernel_model_entry(&bench->present), &error) != 0)
        fail_msg("%s", error.text);
}

static void end(struct bench *bench)
{
    for (uint32_t i = 0; i < PORTS; i++)
        guard_close(bench->guard[i]);
    kernel_model_close(&bench->present);
    for (uint32_t i = 0; i < MODELS; i++)
        model_close(bench->file[i]);
}

/* Whether the replacement failed. */
static bool replace(struct bench *bench, const struct model *file)
{
    struct path_policy policy = policy_that(!bench->drops);
    struct error error = {""};
    int status = kernel_model_replace(&bench->present, file, form_of(file), &policy,
                                      bench->guard[0], &error);

    if (status == 0) {
        assert_int_equal(!bench->present.nn, file->file->kind != Q8_NN);
        bench->drops = !bench->drops;
        return false;
    }
    assert_true(strlen(error.text) > 0);
    assert_null(strchr(error.text, '\n'));
    return true;
}

/* Arms a failure somewhere in the replacement that this chooses. */
static const struct model *choose(const struct bench *bench, uint32_t turn, unsigned int *seed)
{
    uint32_t next = turn % EXCHANGE_EVERY == 0 ? NETWORK : TREE;
    bool fill = next == TREE && bench->present.dt;

    uint32_t n = 1 + (uint32_t)rand_r(seed) % (fill ? FILL_CALLS : EXCHANGE_CALLS);

    failing_calls_arm(n, rand_r(seed) % 2);
    return bench->file[next];
}

static void a_failed_replacement_leaves_the_model_at_work(void **state)
{
    (void)state;
    const char *text = getenv("AFXDP_SEED");
    unsigned int seed = text ? (unsigned int)strtoul(text, NULL, 0) : (unsigned int)time(NULL);
    struct bench bench = {.drops = false};
    uint32_t failures = 0;
    uint32_t survived = 0;

    printf("AFXDP_SEED=%u\n", seed);
    begin(&bench);
    int descriptors = open_descriptors();
    for (uint32_t i = 0; i < REPLACEMENTS; i++) {
        bool failed = replace(&bench, choose(&bench, i, &seed));
        bool hit = failing_calls_disarm();

        failures += failed;
        survived += hit && !failed;
        assert_true(hit || !failed);
        for (uint32_t port = 0; port < PORTS; port++)
            assert_int_equal(run(bench.guard[port]), bench.drops ? XDP_DROP : XDP_PASS);
        /* A network's and a tree's program differ by a map; what leaks adds up. */
        assert_in_range(open_descriptors(), descriptors - 4, descriptors + 4);
    }
    printf("%d replacements, %u failed, %u succeeded in spite of a failed call\n", REPLACEMENTS,
           failures, survived);
    assert_in_range(failures, REPLACEMENTS / 10, REPLACEMENTS * 9 / 10);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_replacement_leaves_the_model_at_work),
    };

    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
        printf("skipped: loading programs and network namespaces need root\n");
        return SKIP;
    }
    if (system("ip link add afxdp0 type veth peer name afxdp1") != 0) {
        printf("skipped: no veth here\n");
        return SKIP;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
