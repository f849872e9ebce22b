// SPDX-License-Identifier: BSD-2-Clause
#include "report.h"

#include <errno.h>

static void add_count(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

/* Slots that stand under `classes`: `unsure` only where it can happen. */
static const char *class_slot_name(const struct policy *policy, uint32_t slot)
{
    if (slot > SLOT_UNSURE || (slot == SLOT_UNSURE && policy->min_confidence == 0))
        return NULL;
    return policy_slot_name(policy, slot);
}

static json_t *classes_json(const struct report *report)
{
    json_t *classes = json_object();

    for (uint32_t slot = 0; slot <= SLOT_UNSURE; slot++) {
        const char *name = class_slot_name(report->policy, slot);
        if (name)
            add_count(classes, name, report->totals.slots[slot]);
    }
    return classes;
}

static json_t *named_json(const char *const *names, const uint64_t *counters, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        add_count(object, names[i], counters[i]);
    return object;
}

static json_t *model_json(const struct report *report)
{
    char checksum[9];

    if (!report->model_path)
        return json_null();
    snprintf(checksum, sizeof(checksum), "%08x", report->model_checksum);
    return json_pack("{s:s, s:s, s:s, s:s}", "path", report->model_path, "kind", report->model_kind,
                     "variant", report->model_variant, "checksum", checksum);
}

static const char *const action_names[] = ACTION_NAMES;
static const char *const ending_names[] = ENDING_NAMES;
static const char *const failure_names[] = FAILURE_NAMES;

json_t *report_json(const struct report *report)
{
    const struct stats *totals = &report->totals;
    json_t *object = json_object();
    json_t *endings = named_json(ending_names, totals->endings, ENDINGS);

    add_count(endings, "failed", stats_failed(totals));
    add_count(object, "schema", REPORT_SCHEMA);
    json_object_set_new(object, "version", json_string(AFXDP_VERSION));
    json_object_set_new(object, "datapath", json_string(report->datapath));
    json_object_set_new(object, "source", json_string(report->source));
    json_object_set_new(object, "seconds", json_real(report->seconds));
    add_count(object, "packets", totals->packets);
    add_count(object, "bytes", totals->bytes);
    add_count(object, "flows", totals->flows);
    add_count(object, "evictions", totals->evictions);
    json_object_set_new(object, "classes", classes_json(report));
    add_count(object, "other", totals->slots[SLOT_OTHER]);
    add_count(object, "malformed", totals->slots[SLOT_MALFORMED]);
    json_object_set_new(object, "actions", named_json(action_names, totals->actions, ACTIONS));
    json_object_set_new(object, "endings", endings);
    json_object_set_new(object, "failures", named_json(failure_names, totals->failures, FAILURES));
    json_object_set_new(object, "model", model_json(report));
    json_object_set_new(object, "error", report->error ? json_string(report->error) : json_null());
    if (report->live)
        json_object_update(object, report->live);
    return object;
}

int report_write_json(FILE *file, const struct report *report)
{
    json_t *object = report_json(report);

    if (!object)
        return -ENOMEM;
    int err = json_dumpf(object, file, JSON_REAL_PRECISION(9)) ? -EIO : 0;
    json_decref(object);
    if (!err && (fputc('\n', file) == EOF || fflush(file) == EOF))
        err = -EIO;
    return err;
}
