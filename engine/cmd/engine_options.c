// SPDX-License-Identifier: BSD-2-Clause
#include "engine_options.h"

#include <errno.h>
#include <string.h>

static int set_pcap(void *target, const char *value, struct error *error)
{
    (void)error;
    ((struct engine_options *)target)->pcap = value;
    return 0;
}

static int set_model(void *target, const char *value, struct error *error)
{
    (void)error;
    ((struct engine_options *)target)->model = value;
    return 0;
}

static int set_action(void *target, const char *value, struct error *error)
{
    struct engine_options *options = target;

    if (options->action_count == ACTION_OPTIONS_MAX)
        return error_set(error, -EINVAL, "--action %s: more than %d of them", value,
                         ACTION_OPTIONS_MAX);
    options->action[options->action_count++] = value;
    return 0;
}

static int set_min_confidence(void *target, const char *value, struct error *error)
{
    uint64_t number;
    int err = options_number(value, "--min-confidence", 0, CONFIDENCE_MAX, &number, error);

    if (!err)
        ((struct engine_options *)target)->min_confidence = (uint16_t)number;
    return err;
}

static int set_flows(void *target, const char *value, struct error *error)
{
    uint64_t number;
    int err = options_number(value, "--flows", 1, FLOWS_MAX, &number, error);

    if (!err)
        ((struct engine_options *)target)->flows.flows = (uint32_t)number;
    return err;
}

static int set_flow_timeout(void *target, const char *value, struct error *error)
{
    uint64_t number;
    int err = options_number(value, "--flow-timeout", 0, FLOW_TIMEOUT_MAX, &number, error);

    if (!err)
        ((struct engine_options *)target)->flows.timeout = (uint32_t)number;
    return err;
}

static int set_flow_seed(void *target, const char *value, struct error *error)
{
    struct flow_table_options *flows = &((struct engine_options *)target)->flows;
    int err = options_number(value, "--flow-seed", 0, UINT64_MAX, &flows->seed, error);

    if (!err)
        flows->fixed_seed = true;
    return err;
}

static int set_verdicts(void *target, const char *value, struct error *error)
{
    (void)error;
    ((struct engine_options *)target)->verdicts = value;
    return 0;
}

static int set_json(void *target, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    ((struct engine_options *)target)->json = true;
    return 0;
}

static const struct option_spec input_options[] = {
    {"Packets", "pcap", 'r', "FILE",
     "classify a capture (pcap or pcapng; -: standard input);\nno root, no interface", set_pcap},
    {0},
};

static const struct option_spec verdict_options[] = {
    {"Classification", "model", 'm', "FILE",
     "a .q8 model, by path or by the name of a shipped one;\nnone: classify nothing", set_model},
    {NULL, "action", 0, "CLASS=ACTION",
     "drop, forward or count the packets of a class, over the\n"
     "model's default; also other= (not IP), malformed=, unsure=.\n"
     "Once per class",
     set_action},
    {NULL, "min-confidence", 0, "N", "0 to 1000: a verdict below it counts as class unsure",
     set_min_confidence},
    {"Flows", "flow-timeout", 0, "SECONDS", "a silent flow's next packet starts a new one (120)",
     set_flow_timeout},
    {NULL, "flows", 0, "N", "flows to remember, then the oldest are evicted (1048576)", set_flows},
    {NULL, "flow-seed", 0, "N", "fix the table's hash, for repeatable evictions (random)",
     set_flow_seed},
    {"Output", "verdicts", 0, "FILE", "one CSV row per packet: index,class,confidence,action",
     set_verdicts},
    {NULL, "json", 0, NULL, "one JSON object on stdout at exit, and nothing else there", set_json},
    {0},
};

const struct program engine_program = {
    .name = "afxdp-engine",
    .usage = "afxdp-engine --iface IF --model FILE [--bridge IF2] [options]\n"
             "       afxdp-engine --pcap FILE --model FILE [options]",
    .summary = "Classifies every packet with an integer-only neural network or decision tree.",
    .notes = "Nothing is dropped unless --action or the model asks. Exit status: 0 done, 1 failed\n"
             "while running, 2 bad usage or input.",
    .tables = {input_options, verdict_options, live_option_specs},
};

int engine_policy(struct policy *policy, const struct engine_options *options,
                  const struct q8 *model, struct error *error)
{
    policy_init(policy, model);
    policy->min_confidence = model ? options->min_confidence : 0;
    for (uint32_t i = 0; i < options->action_count; i++) {
        int err = policy_set_action(policy, options->action[i], error);
        if (err)
            return err;
    }
    return 0;
}
