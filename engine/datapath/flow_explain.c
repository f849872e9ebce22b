// SPDX-License-Identifier: BSD-2-Clause
#include "flow_explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explanation.h"
#include "flow_name.h"
#include "flow_view.h"
#include "monotonic.h"

struct search {
    const struct flow_name *name;
    struct flow_key key;
    bool found;
};

static void compare(void *context, const struct flow_view *flow)
{
    struct search *search = context;

    if (search->found || !flow_name_is_of(search->name, &flow->key))
        return;
    search->key = flow->key;
    search->found = true;
}

/* Whether the worker has let go of it. */
static bool is_free(const struct afxdp_datapath *d)
{
    const struct worker *worker = d->operations->worker(d, d->question.queue);

    return !worker || worker_has_guest(worker, NULL);
}

static void withdraw(struct afxdp_datapath *d)
{
    struct worker *worker = d->operations->worker(d, d->question.queue);

    d->question.asked = false;
    if (worker)
        worker_set_guest(worker, NULL);
}

static int busy(struct error *error)
{
    return error_set(error, -EBUSY, "another flow is being asked about: try again in a moment");
}

static int begin(struct afxdp_datapath *d, const char *flow, struct error *error)
{
    uint64_t now = datapath_packet_clock(d);
    struct flow_question *question = &d->question;
    const struct flow_table *table;
    struct flow_name name;
    struct search search = {.name = &name};
    uint32_t queue = 0;
    struct worker *worker;
    int status = flow_name_parse(&name, flow, error);

    if (status != 0)
        return status;
    if (!is_free(d))
        return busy(error);
    for (; (table = d->operations->table(d, queue)); queue++) {
        flow_view_walk(table, now, compare, &search);
        if (search.found)
            break;
    }
    worker = d->operations->worker(d, queue);
    if (!search.found || !worker)
        return error_set(error, -ENOENT, "%.120s: no such flow in the tables", flow);
    flow_trap_set(&question->trap, &search.key);
    question->queue = queue;
    question->asked = true;
    question->since = monotonic_ms();
    snprintf(question->flow, sizeof(question->flow), "%s", flow);
    worker_set_guest(worker, &question->trap.observer);
    return 0;
}

static bool is_verdict(const json_t *explanation, const struct flow_trap *trap,
                       const struct q8 *file)
{
    const char *class = json_string_value(json_object_get(explanation, "class"));
    json_int_t confidence = json_integer_value(json_object_get(explanation, "confidence"));

    return trap->feature_count == feature_count(file->feature_set) &&
           trap->verdict.class_index < file->class_count &&
           strcmp(class, file->classes[trap->verdict.class_index].name) == 0 &&
           confidence == trap->verdict.confidence;
}

static int answer(json_t **out, const struct afxdp_datapath *d, struct error *error)
{
    const struct flow_trap *trap = &d->question.trap;
    const struct q8 *file = d->judgement->model->file;
    char action[POLICY_ACTION_MAX];
    json_t *explanation = NULL;
    int status = explanation_of(&explanation, file, trap->features, error);

    if (status != 0)
        return status;
    policy_print_action(&d->judgement->policy, trap->slot, action);
    json_t *object = json_pack("{s:s, s:I, s:s}", "flow", d->question.flow, "packet",
                               (json_int_t)trap->packets, "action", action);
    if (!is_verdict(explanation, trap, file))
        status = error_set(error, -EAGAIN, "the model was replaced meanwhile: ask again");
    else if (!object || json_object_update(object, explanation) != 0)
        status = error_set(error, -ENOMEM, "no memory for the answer");
    json_decref(explanation);
    if (status == 0)
        *out = object;
    else
        json_decref(object);
    return status;
}

int flow_explain(json_t **out, struct afxdp_datapath *d, const char *flow, struct error *error)
{
    struct flow_question *question = &d->question;
    int status = 0;

    if (!d->operations->worker)
        return error_set(
            error, -EOPNOTSUPP,
            "with --datapath kernel packets and their features stay in the kernel: not to be "
            "had");
    if (!d->judgement->model)
        return error_set(error, -EOPNOTSUPP, "there is no model: nothing is classified");
    if (question->asked && strcmp(question->flow, flow) != 0)
        return busy(error);
    if (!question->asked)
        status = begin(d, flow, error);
    if (status != 0)
        return status;
    if (flow_trap_has_caught(&question->trap)) {
        withdraw(d);
        return answer(out, d, error);
    }
    *out = json_pack("{s:b}", "waiting", 1);
    return *out ? 0 : error_set(error, -ENOMEM, "no memory for the answer");
}

void flow_explain_watch(struct afxdp_datapath *d)
{
    if (d->question.asked && monotonic_ms() - d->question.since > FLOW_EXPLAIN_MS)
        withdraw(d);
}
