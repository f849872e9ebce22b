// SPDX-License-Identifier: BSD-2-Clause
#include "host_thresholds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feature_text.h"
#include "option.h"

enum { ITEM_MAX = 64, NAMES_MAX = 256 };

/* Counts and maps of one host: not shares, which one failed flow fills, and not what a pair of
 * hosts or a service does. `usual`: what no client or server does that is well, 0: each its own. */
static const struct {
    uint32_t feature, usual;
} offered[] = {
    {FEATURE_INITIATOR_FAILED, 100},  {FEATURE_INITIATOR_UNANSWERED, 0},
    {FEATURE_INITIATOR_PEERS, 40},    {FEATURE_INITIATOR_PORTS, 40},
    {FEATURE_RESPONDER_FAILED, 1000}, {FEATURE_RESPONDER_SOURCES, 0},
    {FEATURE_RESPONDER_REFUSED, 100},
};

enum { OFFERED = sizeof(offered) / sizeof(offered[0]) };

static int refuse(const char *item, struct error *error)
{
    char names[NAMES_MAX];
    int length = 0;

    for (int i = 0; i < OFFERED; i++)
        length += snprintf(names + length, sizeof(names) - (size_t)length, "%s%s", i ? ", " : "",
                           feature_name(offered[i].feature));
    return error_set(error, -EINVAL, "--eve-hosts '%.*s': default, or NAME=N of %s",
                     (int)strcspn(item, ","), item, names);
}

static void set_usual(struct host_thresholds *thresholds)
{
    for (int i = 0; i < OFFERED; i++) {
        if (offered[i].usual)
            thresholds->least[offered[i].feature - HOST_FEATURE_FIRST] = offered[i].usual;
    }
}

static int set_one(struct host_thresholds *thresholds, uint32_t feature, const char *number,
                   struct error *error)
{
    uint32_t most = feature_most(feature);
    char what[ITEM_MAX];
    uint64_t value;

    snprintf(what, sizeof(what), "--eve-hosts %s", feature_name(feature));
    int status = option_number(
        number, what, 1, most < HOST_THRESHOLD_MOST ? most : HOST_THRESHOLD_MOST, &value, error);
    if (status == 0)
        thresholds->least[feature - HOST_FEATURE_FIRST] = (uint32_t)value;
    return status;
}

static int parse_item(struct host_thresholds *thresholds, const char *item, struct error *error)
{
    size_t name = strcspn(item, "=");

    if (strcmp(item, "default") == 0) {
        set_usual(thresholds);
        return 0;
    }
    for (int i = 0; item[name] && i < OFFERED; i++) {
        const char *feature = feature_name(offered[i].feature);

        if (strlen(feature) == name && strncmp(item, feature, name) == 0)
            return set_one(thresholds, offered[i].feature, item + name + 1, error);
    }
    return refuse(item, error);
}

int host_thresholds_parse(struct host_thresholds *thresholds, const char *text, struct error *error)
{
    struct host_thresholds made = *thresholds;
    const char *from = text;
    int status;

    do {
        size_t length = strcspn(from, ",");
        char item[ITEM_MAX];

        if (length >= sizeof(item))
            return refuse(from, error);
        memcpy(item, from, length);
        item[length] = '\0';
        status = parse_item(&made, item, error);
        from += length;
    } while (status == 0 && *from++ == ',');
    if (status == 0)
        *thresholds = made;
    return status;
}

bool host_thresholds_any(const struct host_thresholds *thresholds)
{
    for (uint32_t i = 0; i < HOST_FEATURES; i++) {
        if (thresholds->least[i])
            return true;
    }
    return false;
}
