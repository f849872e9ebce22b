// SPDX-License-Identifier: BSD-2-Clause
#include "config.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eve_sink.h"
#include "model_open.h"
#include "packet_files.h"
#include "packet_rule.h"
#include "public_error.h"

int afxdp_config_new(struct afxdp_config **out)
{
    struct afxdp_config *config = calloc(1, sizeof(*config));

    if (!config)
        return -ENOMEM;
    config->hosts = (struct host_tables_options)HOST_TABLES_OPTIONS_DEFAULT;
    config->tunnels = (struct tunnel_options)TUNNEL_OPTIONS_DEFAULT;
    config->eve_types = EVE_TYPES_ALL;
    option_values_init(&config->values, config_options, config);
    *out = config;
    return 0;
}

void afxdp_config_free(struct afxdp_config *config)
{
    if (!config)
        return;
    option_values_free(&config->values);
    for (uint32_t i = 0; i < ADDRESS_LISTS; i++)
        prefix_list_free(&config->list[i]);
    free(config->captures);
    free(config);
}

int afxdp_config_set(struct afxdp_config *config, const char *name, const char *value,
                     struct afxdp_error *error)
{
    const struct option_spec *spec = option_find(config_options, name);
    struct error said;

    if (!spec)
        return public_error(error, error_set(&said, -EINVAL, "unknown option '%.60s'", name),
                            &said);
    return public_error(error, option_set(&config->values, spec, value, &said), &said);
}

int afxdp_config_read(struct afxdp_config *config, const char *path, struct afxdp_error *error)
{
    struct error said;

    return public_error(error, option_read_file(&config->values, path, &said), &said);
}

int config_add_argument(void *config, const char *value, struct error *error)
{
    if (!((const struct afxdp_config *)config)->pcap && access(value, F_OK) != 0)
        return error_set(error, -EINVAL,
                         "'%.80s' is no option, nor a capture; see afxdp-engine --help", value);
    return config_add_capture(config, value, error);
}

int config_add_capture(struct afxdp_config *config, const char *value, struct error *error)
{
    void *grown =
        reallocarray(config->captures, config->capture_count + 1, sizeof(*config->captures));

    if (!grown)
        return error_set(error, -ENOMEM, "no memory for the names of captures");
    config->captures = grown;
    config->captures[config->capture_count++] = value;
    config->pcap = config->captures[0];
    return 0;
}

enum config_datapath config_datapath(const struct afxdp_config *config)
{
    return config->pcap ? DATAPATH_CAPTURE : config->datapath;
}

enum config_way config_way(const struct afxdp_config *config)
{
    if (config->bridge)
        return WAY_BRIDGE;
    if (config->forward)
        return WAY_FORWARD;
    return config->hairpin ? WAY_HAIRPIN : WAY_CONSUME;
}

bool config_has_lists(const struct afxdp_config *config)
{
    return config->lists_given;
}

const char *config_other(const struct afxdp_config *config)
{
    return config->bridge ? config->bridge : config->forward;
}

struct tunnel_options config_tunnels(const struct afxdp_config *config)
{
    struct tunnel_options tunnels = config->tunnels;

    tunnels.key &= ~(uint32_t)TUNNEL_KEY_INTERFACE;
    return tunnels;
}

bool config_is_inline(const struct afxdp_config *config)
{
    return config_other(config) != NULL;
}

bool config_stays(const struct afxdp_config *config)
{
    return config_is_inline(config) || config->fail_closed;
}

bool config_times_are_of_day(const struct afxdp_config *config)
{
    return config->pcap || config->trailer_time || config->timestamps == TIMESTAMPS_NIC;
}

/* Two runs over a capture give the same; on an interface nobody may know who shares a cell. */
static bool has_fixed_seed(const struct afxdp_config *config)
{
    return config->pcap || option_given(&config->values, "flow-seed");
}

struct flow_table_options config_flows(const struct afxdp_config *config)
{
    return (struct flow_table_options){
        .flows = config->flows,
        .timeout = config->flow_timeout,
        .fixed_seed = has_fixed_seed(config),
        .seed = config->flow_seed,
    };
}

struct host_tables_options config_hosts(const struct afxdp_config *config)
{
    struct host_tables_options hosts = config->hosts;

    hosts.fixed_seed = has_fixed_seed(config);
    hosts.seed = config->flow_seed;
    return hosts;
}

/* An option that would be ignored is an error. */
static int check_applies(const struct afxdp_config *config, enum config_datapath datapath,
                         struct error *error)
{
    static const char *const who[DATAPATHS + 1] = {
        [DATAPATH_AFXDP] = "--datapath afxdp",
        [DATAPATH_KERNEL] = "--datapath kernel",
        [DATAPATH_CAPTURE] = "--pcap",
        [DATAPATH_OWN] = "frames of one's own",
    };

    for (const struct option_spec *spec = config_options; spec->name; spec++) {
        if (config->values.given[spec - config_options] && !(spec->applies & 1u << datapath))
            return error_set(error, -EINVAL, "--%s has no meaning with %s: leave one of them out",
                             spec->name, who[datapath]);
    }
    return 0;
}

static int check_kernel(const struct afxdp_config *config, struct error *error)
{
    if (config->write)
        return error_set(error, -EINVAL,
                         "--write: packets that are judged inside the kernel never come to user "
                         "space; --datapath afxdp can write them");
    if (config->mode != MODE_ZEROCOPY && config->mode != MODE_COPY)
        return 0;
    return error_set(error, -EINVAL,
                     "--mode %s: with --datapath kernel there is no socket to copy to; it runs "
                     "natively, or with --mode skb in the kernel's generic path",
                     config->mode == MODE_ZEROCOPY ? "zerocopy" : "copy");
}

uint32_t config_write_files(const struct afxdp_config *config)
{
    return config->write_files ? config->write_files : 1;
}

static int check_write(const struct afxdp_config *config, struct error *error)
{
    int status = 0;

    if (config->write_files && strcmp(config->write, "-") == 0)
        return error_set(error, -EINVAL,
                         "--write-files: standard output is one file, name another");
    for (uint32_t i = 0; status == 0 && i < config->write_files; i++) {
        char name[PATH_MAX];

        packet_files_name(name, config->write, config->write_files, i);
        status = option_check_written(&config->values, "write", name, error);
    }
    return status;
}

bool config_tells_of_flows(const struct afxdp_config *config)
{
    return config->eve_types & (EVE_TYPE_VERDICT | EVE_TYPE_FLOW) ||
           host_thresholds_any(&config->eve_hosts);
}

static int check_eve(const struct afxdp_config *config, enum config_datapath datapath,
                     struct error *error)
{
    static const char *const of_flows[] = {"eve-rate", "eve-host-rate", "community-id-seed"};

    for (size_t i = 0; i < sizeof(of_flows) / sizeof(of_flows[0]); i++) {
        if (!config_tells_of_flows(config) && option_given(&config->values, of_flows[i]))
            return error_set(error, -EINVAL,
                             "--%s: is of events of flows, and --eve-types asks for none: add "
                             "verdict or flow, or leave one of them out",
                             of_flows[i]);
    }
    if (!config_tells_of_flows(config) && datapath == DATAPATH_CAPTURE)
        return error_set(error, -EINVAL,
                         "--eve-types: a capture has none of these: add verdict or flow");
    return config->eve ? eve_sink_check(config->eve, error) : 0;
}

/* Two sleeps of a worker, of which one may come a tick late. */
enum { WATCHDOG_LEAST_MS = 2 * WORKER_WAIT_MS };

int config_check_as(const struct afxdp_config *config, enum config_datapath datapath,
                    struct error *error)
{
    int status = option_check_conflicts(&config->values, error);

    if (status == 0)
        status = option_check_files(&config->values, 1, NULL, 0, error);
    if (status == 0 && !config->model)
        status = error_set(error, -EINVAL,
                           "no model: say --model FILE, or --model none to classify nothing");
    if (status == 0)
        status = check_applies(config, datapath, error);
    if (status == 0 && datapath == DATAPATH_KERNEL)
        status = check_kernel(config, error);
    if (status == 0 && config->bridge && config->tunnels.key & TUNNEL_KEY_INTERFACE)
        status = error_set(error, -EINVAL,
                           "--flow-key interface: a bridge gets the two directions of a flow from "
                           "its two ports, which would be two flows: leave interface out");
    if (status == 0)
        status = check_write(config, error);
    if (status == 0)
        status = check_eve(config, datapath, error);
    if (status == 0 && config->watchdog != 0 && config->watchdog < WATCHDOG_LEAST_MS)
        status =
            error_set(error, -EINVAL,
                      "--watchdog %u: a worker gives a sign every %d ms, so %d is the least; 0 "
                      "turns it off",
                      config->watchdog, WORKER_WAIT_MS, WATCHDOG_LEAST_MS);
    if (status == 0 && config->leave_open && !config_is_inline(config))
        status = error_set(error, -EINVAL,
                           "--leave-open is for a wire: it goes with --bridge or --forward");
    return status;
}

int config_check(const struct afxdp_config *config, struct error *error)
{
    return config_check_as(config, config_datapath(config), error);
}

int config_check_model(const struct afxdp_config *config, const struct q8 *model,
                       struct error *error)
{
    if (!host_thresholds_any(&config->eve_hosts) || (model && model->feature_set == FEATURE_SET_2))
        return 0;
    return error_set(error, -EINVAL,
                     "--eve-hosts: only models of feature set 2 look at hosts, and %s isn't one",
                     config->model);
}

int config_policy(const struct afxdp_config *config, const struct q8 *model, struct policy *policy,
                  struct error *error)
{
    policy_init(policy, model);
    policy->min_confidence = model ? config->min_confidence : 0;
    policy->shunt_confidence = model ? config->shunt_confidence : 0;
    for (uint32_t i = 0; i < config->action_count; i++) {
        int status = policy_set_action(policy, config->action[i], error);

        if (status != 0)
            return status;
    }
    return 0;
}

int afxdp_config_check(const struct afxdp_config *config, struct afxdp_error *error)
{
    struct model *model = NULL;
    struct policy policy;
    struct packet_rule rule;
    struct error said;
    int status = config_check(config, &said);

    if (status == 0 && strcmp(config->model, "none") != 0)
        status = model_open(&model, config->model, &said);
    if (status == 0)
        status = config_check_model(config, model ? model->file : NULL, &said);
    if (status == 0)
        status = config_policy(config, model ? model->file : NULL, &policy, &said);
    if (status == 0)
        status = packet_rule_parse(&rule, config->write_if, &policy, &said);
    model_close(model);
    return public_error(error, status, &said);
}
