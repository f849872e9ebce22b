// SPDX-License-Identifier: BSD-2-Clause
#include "judgement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int judgement_new(struct judgement **out, const struct afxdp_config *config, struct error *error)
{
    struct judgement *j = calloc(1, sizeof(*j));
    int status = 0;

    if (!j)
        return error_set(error, -ENOMEM, "no memory for a model");
    j->users = malloc(sizeof(*j->users));
    if (!j->users) {
        free(j);
        return error_set(error, -ENOMEM, "no memory for a model");
    }
    *j->users = 1;
    if (strcmp(config->model, "none") != 0)
        status = model_open(&j->model, config->model, error);
    if (status == 0)
        status = config_check_model(config, j->model ? j->model->file : NULL, error);
    if (status == 0)
        status = config_policy(config, j->model ? j->model->file : NULL, &j->policy, error);
    if (status != 0) {
        judgement_free(j);
        return status;
    }
    j->judge = (struct judge){j->model ? j->model->classifier : NULL, &j->policy};
    *out = j;
    return 0;
}

int judgement_share(struct judgement **out, const struct judgement *present, struct error *error)
{
    struct judgement *j = malloc(sizeof(*j));

    if (!j)
        return error_set(error, -ENOMEM, "no memory for other actions");
    *j = *present;
    j->judge.policy = &j->policy;
    j->kept = NULL;
    ++*j->users;
    *out = j;
    return 0;
}

static bool has_hosts(const struct judgement *judgement)
{
    return judgement->model && judgement->model->classifier->feature_set == FEATURE_SET_2;
}

size_t judgement_hosts_bytes(const struct judgement *judgement, const struct afxdp_config *config)
{
    return has_hosts(judgement) ? host_tables_bytes(&config->hosts) : 0;
}

int judgement_hosts(struct host_tables **out, const struct judgement *judgement,
                    const struct afxdp_config *config, bool ready, struct error *error)
{
    struct host_tables_options hosts = config_hosts(config);

    hosts.ready = ready;
    *out = NULL;
    if (!has_hosts(judgement))
        return 0;
    return host_tables_new(out, &hosts, error);
}

int judgement_limits(struct limits **out, const struct judgement *judgement,
                     const struct afxdp_config *config, bool later, struct error *error)
{
    const struct host_tables_options hosts = config_hosts(config);
    uint64_t seed;

    *out = NULL;
    if (!judgement->policy.limits && !later)
        return 0;
    int status = table_seed(&seed, hosts.fixed_seed, hosts.seed, error);
    if (status != 0)
        return status;
    status = limits_new(out, seed);
    return status == 0 ? 0 : error_set(error, status, "no memory for limits");
}

void judgement_free(struct judgement *j)
{
    if (!j)
        return;
    if (--*j->users == 0) {
        model_close(j->model);
        free(j->users);
    }
    free(j);
}

int judgement_check_successor(const struct judgement *present, const struct judgement *next,
                              struct error *error)
{
    const struct policy *a = &present->policy;
    const struct policy *b = &next->policy;

    if (a->class_count != b->class_count ||
        memcmp(a->class_name, b->class_name, sizeof(a->class_name)) != 0)
        return error_set(error, -EINVAL,
                         "%s has other classes than the model at work, whose counters go on: stop "
                         "the engine and start it with the new model",
                         next->model ? next->model->path : "none");
    if (present->model && next->model &&
        present->model->classifier->feature_set != next->model->classifier->feature_set)
        return error_set(error, -EINVAL,
                         "%s has features of set %u, the model at work of set %u: stop the engine "
                         "and start it with the new model",
                         next->model->path, next->model->classifier->feature_set,
                         present->model->classifier->feature_set);
    return 0;
}
