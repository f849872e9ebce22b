// SPDX-License-Identifier: BSD-2-Clause
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void policy_init(struct policy *policy, const struct q8 *model)
{
    *policy = (struct policy){.class_count = 1};
    policy->action[SLOT_UNSURE] = ACTION_COUNT;
    policy->action[SLOT_OTHER] = ACTION_FORWARD;
    policy->action[SLOT_MALFORMED] = ACTION_COUNT;
    if (!model) {
        policy->action[0] = ACTION_COUNT;
        strcpy(policy->class_name[0], "unclassified");
        return;
    }
    policy->class_count = model->class_count;
    for (uint32_t i = 0; i < model->class_count; i++) {
        policy->action[i] = model->classes[i].action;
        memcpy(policy->class_name[i], model->classes[i].name, CLASS_NAME_SIZE);
    }
}

const char *policy_slot_name(const struct policy *policy, uint32_t slot)
{
    switch (slot) {
    case SLOT_UNSURE:
        return "unsure";
    case SLOT_OTHER:
        return "other";
    case SLOT_MALFORMED:
        return "malformed";
    default:
        return slot < policy->class_count ? policy->class_name[slot] : NULL;
    }
}

bool policy_drops(const struct policy *policy)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (policy_slot_name(policy, slot) && policy->action[slot] == ACTION_DROP)
            return true;
    }
    return false;
}

static int unknown_class(const struct policy *policy, const char *name, size_t length,
                         struct error *error)
{
    char known[384] = "";
    size_t used = 0;

    for (uint32_t slot = 0; slot < SLOTS && used < sizeof(known); slot++) {
        const char *slot_name = policy_slot_name(policy, slot);
        if (!slot_name)
            continue;
        int wrote =
            snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", slot_name);
        used += (size_t)wrote;
    }
    return error_set(error, -EINVAL, "--action: no class '%.*s'; there are %s",
                     (int)(length < 40 ? length : 40), name, known);
}

int policy_set_action(struct policy *policy, const char *text, struct error *error)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return error_set(error, -EINVAL, "--action %s: should be CLASS=drop|forward|count", text);
    size_t length = (size_t)(equals - text);
    int action = action_parse(equals + 1);
    if (action < 0)
        return error_set(error, -EINVAL,
                         "--action %s: no action '%s'; there are drop, forward, count", text,
                         equals + 1);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *name = policy_slot_name(policy, slot);
        if (name && strlen(name) == length && memcmp(name, text, length) == 0) {
            policy->action[slot] = (uint8_t)action;
            return 0;
        }
    }
    return unknown_class(policy, text, length, error);
}
