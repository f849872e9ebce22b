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

#include "capture.h"

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

enum { BATCH = 100 }; /* more than a burst, and not a multiple of one */

/* The capture's frames, as a program that embeds the engine would have them. */
static uint32_t next_frames(struct capture *capture, struct afxdp_frame *frames)
{
    static uint8_t bytes[BATCH][2048];
    struct port *port = capture_port(capture);
    uint32_t count = 0;

    while (count < BATCH) {
        struct frame frame;

        if (port->operations->receive(port, &frame, 1) <= 0)
            break;
        assert_true(frame.length <= sizeof(bytes[0]));
        memcpy(bytes[count], frame.data, frame.length);
        frames[count] = (struct afxdp_frame){
            .data = bytes[count],
            .length = frame.length,
            .wire_length = frame.wire_length,
            .time = frame.time,
        };
        port->operations->release(port, &frame, 1);
        count++;
    }
    return count;
}

static void frames_of_ones_own_are_judged_as_a_capture_is(void **state)
{
    static uint32_t features[BATCH * AFXDP_FEATURES_MAX];
    struct rig *rig = *state;
    struct afxdp_flow_engine *engine = NULL;
    struct afxdp_frame frames[BATCH];
    struct afxdp_result results[BATCH];
    struct afxdp_totals want, got;
    struct afxdp_model_info info;
    struct capture *capture = NULL;
    struct error error;
    uint64_t dropped = 0;
    uint32_t count;

    set(rig, "model", "models/nn.q8");
    set(rig, "action", "flood=drop");
    set(rig, "flow-seed", "0");
    assert_int_equal(afxdp_flow_engine_new(&engine, rig->config, &rig->error), 0);
    const struct afxdp_model *model = afxdp_flow_engine_model(engine);
    afxdp_model_describe(model, &info);
    assert_int_equal(capture_open(&capture, CAPTURE, &error), 0);
    while ((count = next_frames(capture, frames)) > 0) {
        afxdp_flow_engine_classify(engine, frames, count, results, features);
        for (uint32_t i = 0; i < count; i++) {
            struct afxdp_verdict verdict = {0};

            if (results[i].outcome == AFXDP_CLASSIFIED)
                afxdp_model_classify(model, &features[i * info.feature_count], 1, &verdict);
            else
                assert_int_equal(features[i * info.feature_count + 2], 0); /* no protocol */
            assert_memory_equal(&results[i].verdict, &verdict, sizeof(verdict));
            dropped += results[i].action == AFXDP_DROP;
        }
    }
    capture_close(capture);
    afxdp_flow_engine_read(engine, &got);
    afxdp_flow_engine_free(engine);

    set(rig, "pcap", CAPTURE);
    assert_int_equal(open_datapath(rig), 0);
    assert_int_equal(afxdp_datapath_start(rig->datapath, &rig->error), 0);
    while (afxdp_datapath_poll(rig->datapath, 100, &rig->error) > 0)
        continue;
    afxdp_datapath_read(rig->datapath, &want);
    assert_memory_equal(&got, &want, sizeof(got));
    assert_int_equal(dropped, want.dropped);
}

/* A source of ARP: gives bursts, takes frames back, counts. */
struct arp {
    uint32_t given, judged, sent, released;
};

static int arp_receive(void *context, struct afxdp_frame *frames, uint32_t most)
{
    static uint8_t bytes[60] = {[12] = 8, [13] = 6};
    struct arp *arp = context;

    if (arp->given >= 1000)
        return -ENODATA;
    for (uint32_t i = 0; i < most; i++)
        frames[i] = (struct afxdp_frame){.data = bytes, .length = 60, .wire_length = 60};
    arp->given += most;
    return (int)most;
}

static void arp_judged(void *context, const struct afxdp_frame *frames,
                       const struct afxdp_result *results, uint32_t count)
{
    struct arp *arp = context;

    (void)frames;
    for (uint32_t i = 0; i < count; i++)
        arp->judged += results[i].outcome == AFXDP_OTHER && results[i].action == AFXDP_FORWARD;
}

/* Takes all but the last of a burst. */
static uint32_t arp_send(void *context, const struct afxdp_frame *frames, uint32_t count)
{
    struct arp *arp = context;

    (void)frames;
    arp->sent += count - 1;
    return count - 1;
}

static void arp_release(void *context, const struct afxdp_frame *frames, uint32_t count)
{
    (void)frames;
    ((struct arp *)context)->released += count;
}

static void a_source_gets_each_frame_back_once(void **state)
{
    struct rig *rig = *state;
    struct arp arp = {0};
    const struct afxdp_source source = {
        .receive = arp_receive,
        .judged = arp_judged,
        .send = arp_send,
        .release = arp_release,
        .context = &arp,
    };
    struct afxdp_pipeline *pipeline = NULL;
    struct afxdp_totals totals;

    set(rig, "model", "none");
    set(rig, "flows", "64");
    assert_int_equal(afxdp_pipeline_new(&pipeline, rig->config, &source, &rig->error), 0);
    assert_null(afxdp_pipeline_model(pipeline));
    while (afxdp_pipeline_run(pipeline) > 0)
        continue;
    assert_int_equal(afxdp_pipeline_run(pipeline), -ENODATA);
    afxdp_pipeline_read(pipeline, &totals);
    afxdp_pipeline_free(pipeline);
    assert_int_equal(totals.packets, arp.given);
    assert_int_equal(arp.judged, arp.given);
    assert_int_equal(totals.forwarded, arp.sent);
    assert_int_equal(totals.failed, arp.released);
    assert_int_equal(arp.sent + arp.released, arp.given);
}

static void options_of_a_datapath_mean_nothing_to_frames_of_ones_own(void **state)
{
    struct rig *rig = *state;
    struct afxdp_flow_engine *engine = NULL;

    set(rig, "model", "none");
    set(rig, "queues", "2");
    assert_int_equal(afxdp_flow_engine_new(&engine, rig->config, &rig->error), -EINVAL);
    assert_non_null(strstr(rig->error.text, "--queues has no meaning with frames of one's own"));
    assert_null(engine);
}

static void a_model_tells_what_it_is(void **state)
{
    struct rig *rig = *state;
    struct afxdp_model *model = NULL;
    struct afxdp_model_info info;

    assert_int_equal(afxdp_model_open(&model, "models/dt.q8", &rig->error), 0);
    afxdp_model_describe(model, &info);
    assert_string_equal(info.kind, "dt");
    assert_string_equal(afxdp_model_class(model, 0), "benign");
    assert_null(afxdp_model_class(model, info.class_count));
    afxdp_model_close(model);
    assert_string_equal(afxdp_feature_name(1), "dport");
    assert_null(afxdp_feature_name(AFXDP_FEATURES_MAX));
    assert_int_equal(afxdp_model_open(&model, "/nowhere.q8", &rig->error), -ENOENT);
    assert_int_equal(afxdp_model_open(&model, "/nowhere.q8", NULL), -ENOENT);
}

static void what_does_not_fit_together_is_refused_in_words(void **state)
{
    static const char *const cases[][5] = {
        /* option, value, option, value, what the line holds */
        {"pcap", CAPTURE, "bridge", "eth2", "--bridge has no meaning with --pcap"},
        {"bridge", "a", "hairpin", "yes", "--bridge and --hairpin: only one of them"},
        {"pcap", CAPTURE, "iface", "eth1", "--pcap and --iface: only one of them"},
        {"consume", "yes", "hairpin", "yes", "--consume and --hairpin: only one of them"},
        {"datapath", "kernel", "consume", "yes", "--consume has no meaning with --datapath kernel"},
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
        TEST(frames_of_ones_own_are_judged_as_a_capture_is),
        TEST(a_source_gets_each_frame_back_once),
        TEST(options_of_a_datapath_mean_nothing_to_frames_of_ones_own),
        TEST(a_model_tells_what_it_is),
        TEST(what_does_not_fit_together_is_refused_in_words),
        TEST(a_config_needs_a_model),
        TEST(nobody_has_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
