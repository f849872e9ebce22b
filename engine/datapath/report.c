// SPDX-License-Identifier: BSD-2-Clause
#include "report.h"

#include <errno.h>

#include "report_value.h"

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
            report_number(classes, name, report->totals.slots[slot]);
    }
    return classes;
}

static json_t *named_json(const char *const *names, const uint64_t *counters, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        report_number(object, names[i], counters[i]);
    return object;
}

static json_t *model_json(const struct report *report)
{
    char checksum[9];

    if (!report->model_path)
        return json_null();
    snprintf(checksum, sizeof(checksum), "%08x", report->model_checksum);
    return json_pack("{s:o, s:s, s:s, s:s}", "path", report_text(report->model_path), "kind",
                     report->model_kind, "variant", report->model_variant, "checksum", checksum);
}

static const char *const action_names[] = ACTION_NAMES;
static const char *const ending_names[] = ENDING_NAMES;
static const char *const failure_names[] = FAILURE_NAMES;

json_t *report_json(const struct report *report)
{
    const struct stats *totals = &report->totals;
    json_t *object = json_object();
    json_t *endings = named_json(ending_names, totals->endings, ENDINGS);

    report_number(endings, "failed", stats_failed(totals));
    report_number(object, "schema", REPORT_SCHEMA);
    report_put(object, "version", json_string(AFXDP_VERSION));
    report_put(object, "datapath", json_string(report->datapath));
    report_put(object, "source", report_text(report->source));
    report_put(object, "seconds", json_real(report->seconds));
    report_number(object, "packets", totals->packets);
    report_number(object, "bytes", totals->bytes);
    report_number(object, "flows", totals->flows);
    report_number(object, "evictions", totals->evictions);
    report_number(object, "hosts_left_out", totals->hosts_left_out);
    report_put(object, "classes", classes_json(report));
    report_number(object, "other", totals->slots[SLOT_OTHER]);
    report_number(object, "malformed", totals->slots[SLOT_MALFORMED]);
    report_put(object, "actions", named_json(action_names, totals->actions, ACTIONS));
    report_put(object, "endings", endings);
    report_put(object, "failures", named_json(failure_names, totals->failures, FAILURES));
    report_put(object, "model", model_json(report));
    report_put(object, "error", report->error ? report_text(report->error) : json_null());
    bool lacks = report_lacks() || report->lacks;
    if (report->live && json_object_update(object, report->live) != 0)
        lacks = true;
    if (!lacks)
        return object;
    json_decref(object);
    return NULL;
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
