// SPDX-License-Identifier: BSD-2-Clause
/* The public header, as a program that embeds the engine uses it; a capture needs no rights. */
#include "afxdp_engine.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURE "test/captures/mixed.pcap"

struct rig {
    struct afxdp_config *config;
    struct afxdp_datapath *datapath;
    struct afxdp_error error;
    unsigned messages;
    char last[512];
    char model[32];
};

static void remember(void *context, enum afxdp_message level, const char *text)
{
    struct rig *rig = context;

    (void)level;
    rig->messages++;
    snprintf(rig->last, sizeof(rig->last), "%s", text);
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    *state = rig;
    return rig ? afxdp_config_new(&rig->config) : -1;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    afxdp_datapath_close(rig->datapath);
    afxdp_config_free(rig->config);
    if (rig->model[0])
        unlink(rig->model);
    free(rig);
    return 0;
}

static void set(struct rig *rig, const char *name, const char *value)
{
    assert_int_equal(afxdp_config_set(rig->config, name, value, &rig->error), 0);
}

static int open_datapath(struct rig *rig)
{
    const struct afxdp_callbacks callbacks = {.message = remember, .context = rig};

    return afxdp_datapath_open(&rig->datapath, rig->config, &callbacks, &rig->error);
}

static void copy_model(const char *from, const char *to)
{
    char command[256];

    snprintf(command, sizeof(command), "cp models/%s %s", from, to);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command
}

static void a_capture_is_classified_to_its_end(void **state)
{
    struct rig *rig = *state;
    struct afxdp_totals totals;
    int status;

    set(rig, "pcap", CAPTURE);
    set(rig, "model", "models/dt.q8");
    set(rig, "action", "flood=drop");
    assert_int_equal(open_datapath(rig), 0);
    assert_int_equal(afxdp_datapath_start(rig->datapath, &rig->error), 0);
    while ((status = afxdp_datapath_poll(rig->datapath, 1, &rig->error)) > 0)
        continue;
    assert_int_equal(status, 0);
    afxdp_datapath_stop(rig->datapath);
    afxdp_datapath_read(rig->datapath, &totals);
    assert_int_equal(totals.packets, 7472);
    assert_true(totals.dropped > 0);
    assert_int_equal(totals.packets, totals.dropped + totals.consumed);
    char *report = afxdp_datapath_report(rig->datapath);
    assert_non_null(report);
    assert_non_null(strstr(report, "\"packets\": 7472"));
    free(report);
}

static void packets_ends_a_run_early(void **state)
{
    struct rig *rig = *state;
    struct afxdp_totals totals;

    set(rig, "pcap", CAPTURE);
    set(rig, "model", "none");
    set(rig, "packets", "100");
    assert_int_equal(open_datapath(rig), 0);
    assert_int_equal(afxdp_datapath_start(rig->datapath, &rig->error), 0);
    assert_int_equal(afxdp_datapath_poll(rig->datapath, 1000, &rig->error), 0);
    afxdp_datapath_read(rig->datapath, &totals);
    assert_in_range(totals.packets, 100, 7471);
}

static void a_reload_takes_the_new_model_or_keeps_the_old(void **state)
{
    struct rig *rig = *state;

    strcpy(rig->model, "/tmp/embedding.XXXXXX");
    int file = mkstemp(rig->model);
    assert_true(file >= 0);
    close(file);
    copy_model("dt.q8", rig->model);
    set(rig, "pcap", CAPTURE);
    set(rig, "model", rig->model);
    assert_int_equal(open_datapath(rig), 0);
    assert_int_equal(afxdp_datapath_start(rig->datapath, &rig->error), 0);

    copy_model("nn.q8", rig->model);
    assert_int_equal(afxdp_datapath_reload(rig->datapath, &rig->error), 0);
    assert_non_null(strstr(rig->last, "is at work"));
    char *report = afxdp_datapath_report(rig->datapath);
    assert_non_null(strstr(report, "\"kind\": \"nn\""));
    free(report);

    assert_int_equal(truncate(rig->model, 100), 0);
    assert_true(afxdp_datapath_reload(rig->datapath, &rig->error) < 0);
    report = afxdp_datapath_report(rig->datapath);
    assert_non_null(strstr(report, "\"kind\": \"nn\""));
    free(report);
}

static void what_does_not_fit_together_is_refused_in_words(void **state)
{
    static const char *const cases[][5] = {
        /* option, value, option, value, what the line holds */
        {"pcap", CAPTURE, "bridge", "eth2", "--bridge has no meaning with --pcap"},
        {"bridge", "a", "hairpin", "yes", "--bridge and --hairpin: only one of them"},
        {"pcap", CAPTURE, "iface", "eth1", "--pcap and --iface: only one of them"},
        {"datapath", "kernel", "mode", "copy", "there is no socket to copy to"},
        {"datapath", "kernel", "spin", "3", "--spin has no meaning with --datapath kernel"},
        {"datapath", "afxdp", "kernel-form", "loops", "has no meaning with --datapath afxdp"},
        {"iface", "a", "leave-open", "yes", "--leave-open is for a wire"},
        {"pcap", CAPTURE, "action", "nothing=drop", "nothing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig rig = {.messages = 0};

        assert_int_equal(afxdp_config_new(&rig.config), 0);
        set(&rig, "model", "models/dt.q8");
        set(&rig, cases[i][0], cases[i][1]);
        set(&rig, cases[i][2], cases[i][3]);
        assert_int_equal(afxdp_config_check(rig.config, &rig.error), -EINVAL);
        if (!strstr(rig.error.text, cases[i][4]))
            fail_msg("'%s' isn't in '%s'", cases[i][4], rig.error.text);
        assert_true(open_datapath(&rig) < 0);
        assert_null(rig.datapath);
        afxdp_config_free(rig.config);
    }
}

static void a_config_needs_a_model(void **state)
{
    struct rig *rig = *state;

    set(rig, "pcap", CAPTURE);
    assert_int_equal(afxdp_config_check(rig->config, &rig->error), -EINVAL);
    assert_non_null(strstr(rig->error.text, "--model none"));
    assert_int_equal(afxdp_config_set(rig->config, "modle", "x", &rig->error), -EINVAL);
    assert_string_equal(rig->error.text, "unknown option 'modle'");
    assert_int_equal(afxdp_config_set(rig->config, "modle", "x", NULL), -EINVAL);
}

static void nobody_has_to_listen(void **state)
{
    struct rig *rig = *state;

    set(rig, "pcap", CAPTURE);
    set(rig, "model", "models/dt.q8");
    assert_int_equal(afxdp_datapath_open(&rig->datapath, rig->config, NULL, NULL), 0);
    assert_int_equal(afxdp_datapath_start(rig->datapath, NULL), 0);
    assert_int_equal(afxdp_datapath_reload(rig->datapath, NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_capture_is_classified_to_its_end),
        TEST(packets_ends_a_run_early),
        TEST(a_reload_takes_the_new_model_or_keeps_the_old),
        TEST(what_does_not_fit_together_is_refused_in_words),
        TEST(a_config_needs_a_model),
        TEST(nobody_has_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
