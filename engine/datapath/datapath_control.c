// SPDX-License-Identifier: BSD-2-Clause
#include "datapath_control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blocks_control.h"
#include "claim.h"
#include "events.h"
#include "flow_explain.h"
#include "flow_report.h"
#include "nic.h"
#include "report_value.h"
#include "run_folder.h"
#include "say.h"

enum { LIST_DEFAULT = 20 };

typedef int command_function(struct afxdp_datapath *d, const struct control_request *request,
                             json_t **message, struct error *error);

static int command_stats(struct afxdp_datapath *d, const struct control_request *request,
                         json_t **message, struct error *error)
{
    struct report report;

    (void)request;
    datapath_report(d, &report);
    *message = report_json(&report);
    json_decref(report.live);
    return *message ? 0 : error_set(error, -ENOMEM, "no memory for the report");
}

/* Member `limit`: how many of a list. */
static int limit_of(const struct control_request *request, uint32_t *limit, struct error *error)
{
    const json_t *value = json_object_get(request->object, "limit");

    *limit = LIST_DEFAULT;
    if (!value)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > FLOW_REPORT_MOST)
        return error_set(error, -EINVAL, "\"limit\" should be a number from 1 to %d",
                         FLOW_REPORT_MOST);
    *limit = (uint32_t)json_integer_value(value);
    return 0;
}

static int command_flows(struct afxdp_datapath *d, const struct control_request *request,
                         json_t **message, struct error *error)
{
    uint32_t limit;
    int status = limit_of(request, &limit, error);

    return status == 0 ? flow_report(message, d, limit, error) : status;
}

static int command_hosts(struct afxdp_datapath *d, const struct control_request *request,
                         json_t **message, struct error *error)
{
    uint32_t limit;
    int status = limit_of(request, &limit, error);

    return status == 0 ? host_report(message, d, limit, error) : status;
}

static int command_explain(struct afxdp_datapath *d, const struct control_request *request,
                           json_t **message, struct error *error)
{
    const char *flow = json_string_value(json_object_get(request->object, "flow"));

    if (!flow)
        return error_set(error, -EINVAL,
                         "explain needs \"flow\":\"PROTOCOL/ADDRESS:PORT-ADDRESS:PORT\"");
    return flow_explain(message, d, flow, error);
}

static int command_reload(struct afxdp_datapath *d, const struct control_request *request,
                          json_t **message, struct error *error)
{
    struct afxdp_error said;

    (void)request;
    (void)message;
    int status = afxdp_datapath_reload(d, &said);
    return status == 0 ? 0 : error_set(error, status, "the model at work stays: %s", said.text);
}

static int command_reopen(struct afxdp_datapath *d, const struct control_request *request,
                          json_t **message, struct error *error)
{
    (void)request;
    (void)message;
    if (!d->config->eve)
        return error_set(error, -EOPNOTSUPP, "nothing is open: there is no --eve");
    return eve_reopen(d->eve, error);
}

/* What isn't IP reaches the workers only where the run began with dropping it. */
static int check_other(const struct afxdp_datapath *d, const char *action, struct error *error)
{
    const struct model *model = d->judgement->model;
    struct policy begun;
    int status = config_policy(d->config, model ? model->file : NULL, &begun, error);

    if (status != 0 || config_datapath(d->config) != DATAPATH_AFXDP ||
        strcmp(action, "other=drop") != 0 || begun.action[SLOT_OTHER] == ACTION_DROP)
        return status;
    return error_set(error, -EOPNOTSUPP,
                     "what isn't IP doesn't come to the workers: start with --action other=drop");
}

static int command_set_action(struct afxdp_datapath *d, const struct control_request *request,
                              json_t **message, struct error *error)
{
    const char *action = json_string_value(json_object_get(request->object, "action"));

    (void)message;
    if (!action)
        return error_set(error, -EINVAL,
                         "set-action needs "
                         "\"action\":\"CLASS=drop|forward|count|block:SECONDS|limit:N|shunt:N\"");
    int status = check_other(d, action, error);
    return status == 0 ? datapath_set_action(d, action, error) : status;
}

static int carry_out_change(struct afxdp_datapath *d, enum address_list which,
                            enum lists_change change, const char *prefixes, struct error *error)
{
    int status = datapath_lists_change(&d->lists, which, change, prefixes, error);

    return status == 0 && which == LIST_ALLOW && d->operations->allow
               ? d->operations->allow(d, &d->lists.list[which], error)
               : status;
}

static int change_list(struct afxdp_datapath *d, enum address_list which,
                       const struct control_request *request, struct error *error)
{
    static const char *const changes[] = {"add", "del", "replace"}; /* as enum lists_change */
    const char *change = json_string_value(json_object_get(request->object, "change"));
    const char *prefixes = json_string_value(json_object_get(request->object, "prefixes"));

    for (int i = 0; change && prefixes && i <= LISTS_REPLACE; i++)
        if (strcmp(change, changes[i]) == 0)
            return carry_out_change(d, which, (enum lists_change)i, prefixes, error);
    return error_set(
        error, -EINVAL,
        "%s needs \"change\":\"add|del|replace\" and \"prefixes\":\"PREFIX,...|@FILE\"",
        request->command);
}

static int command_allow(struct afxdp_datapath *d, const struct control_request *request,
                         json_t **message, struct error *error)
{
    (void)message;
    return change_list(d, LIST_ALLOW, request, error);
}

static int command_deny(struct afxdp_datapath *d, const struct control_request *request,
                        json_t **message, struct error *error)
{
    (void)message;
    return change_list(d, LIST_DENY, request, error);
}

static void tell(const struct afxdp_datapath *d, const struct control_request *request);

static int command_blocks(struct afxdp_datapath *d, const struct control_request *request,
                          json_t **message, struct error *error)
{
    bool changed;
    int status = blocks_control(d->blocks, request->object, message, &changed, error);

    if (changed)
        blocks_keeper_hurry(d->keeper);
    if (changed && status == 0)
        tell(d, request);
    return status;
}

static int command_version(struct afxdp_datapath *d, const struct control_request *request,
                           json_t **message, struct error *error)
{
    (void)d;
    (void)request;
    *message = json_pack("{s:s, s:i}", "version", AFXDP_VERSION, "pid", (int)getpid());
    return *message ? 0 : error_set(error, -ENOMEM, "no memory for the answer");
}

static int command_stop(struct afxdp_datapath *d, const struct control_request *request,
                        json_t **message, struct error *error)
{
    (void)request;
    (void)message;
    (void)error;
    d->stop_asked = true;
    return 0;
}

static const struct command {
    const char *name;
    command_function *carry_out;
    bool changes; /* something: it is said who asked */
} commands[] = {
    {"stats", command_stats, false},
    {"flows", command_flows, false},
    {"hosts", command_hosts, false},
    {"explain", command_explain, false},
    {"reload", command_reload, true},
    {"reopen", command_reopen, false},
    {"set-action", command_set_action, true},
    {"allow", command_allow, true},
    {"deny", command_deny, true},
    {"blocks", command_blocks, false},
    {"version", command_version, false},
    {"stop", command_stop, true},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int unknown(const char *name, struct error *error)
{
    char known[160] = "";

    for (int i = 0; i < COMMANDS; i++) {
        strncat(known, i ? ", " : "", sizeof(known) - strlen(known) - 1);
        strncat(known, commands[i].name, sizeof(known) - strlen(known) - 1);
    }
    return error_set(error, -EINVAL, "no command '%.40s'; there are %s", name, known);
}

static void tell(const struct afxdp_datapath *d, const struct control_request *request)
{
    static const char *const members[] = {"action", "change", "prefixes"};
    char what[160] = "";
    struct error line;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *text = json_string_value(json_object_get(request->object, members[i]));

        if (text)
            snprintf(what + strlen(what), sizeof(what) - strlen(what), " %.70s", text);
    }
    error_set(&line, 0, "%s%s, by user %u", request->command, what, (unsigned)request->peer);
    say(&d->say, AFXDP_INFO, "%s", line.text);
    events_tell(d, "control", line.text);
}

static int handle(void *context, const struct control_request *request, json_t **message,
                  struct error *error)
{
    struct afxdp_datapath *d = context;

    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(request->command, commands[i].name) != 0)
            continue;
        int status = commands[i].carry_out(d, request, message, error);
        if (status == 0 && commands[i].changes)
            tell(d, request);
        return status;
    }
    return unknown(request->command, error);
}

int datapath_control_open(struct afxdp_datapath *d, struct error *error)
{
    char claim[48];
    char path[108];

    if (!d->operations->nic)
        return 0;
    xdp_claim_name(claim, sizeof(claim), d->operations->nic(d)->ifindex);
    snprintf(path, sizeof(path), "%s/%s%s", RUN_FOLDER, claim, XDP_CLAIM_CONTROL);
    return control_open(&d->control, path, error);
}

void datapath_control_serve(struct afxdp_datapath *d)
{
    if (!d->control)
        return;
    flow_explain_watch(d);
    control_serve(d->control, handle, d);
}
