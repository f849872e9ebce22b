// SPDX-License-Identifier: BSD-2-Clause
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
        if (policy_slot_name(policy, slot) && policy->action[slot] >= ACTION_DROP)
            return true;
    }
    return false;
}

int policy_find_slot(const struct policy *policy, const char *name, size_t length)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *known = policy_slot_name(policy, slot);

        if (known && strlen(known) == length && memcmp(known, name, length) == 0)
            return (int)slot;
    }
    return -1;
}

int policy_no_class(const struct policy *policy, const char *option, const char *name,
                    size_t length, struct error *error)
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
    return error_set(error, -EINVAL, "--%s: no class '%.*s'; there are %s", option,
                     (int)(length < 40 ? length : 40), name, known);
}

void policy_print_action(const struct policy *policy, uint32_t slot, char text[POLICY_ACTION_MAX])
{
    if (policy->block_seconds[slot])
        snprintf(text, POLICY_ACTION_MAX, "block:%u", policy->block_seconds[slot]);
    else if (policy->shunt_after[slot])
        snprintf(text, POLICY_ACTION_MAX, "shunt:%u", policy->shunt_after[slot]);
    else if (policy->action[slot] == ACTION_LIMIT)
        snprintf(text, POLICY_ACTION_MAX, "limit:%u", policy->limit[slot]);
    else
        snprintf(text, POLICY_ACTION_MAX, "%s", action_name(policy->action[slot]));
}

bool policy_blocks(const struct policy *policy)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (policy_slot_name(policy, slot) && policy->block_seconds[slot])
            return true;
    return false;
}

bool policy_shunts(const struct policy *policy)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (policy_slot_name(policy, slot) && policy->shunt_after[slot])
            return true;
    return false;
}

static int not_an_action(const char *text, const char *action, struct error *error)
{
    return error_set(
        error, -EINVAL,
        "--action %s: no action '%s'; there are drop, forward, count, block:SECONDS, limit:N and "
        "shunt:N",
        text, action);
}

/* The number behind `name`, 1..most, with or without that unit; 0: it isn't such a text. */
static uint32_t parse_number(const char *text, const char *name, unsigned long most,
                             const char *unit)
{
    size_t length = strlen(name);
    char *end;

    if (strncmp(text, name, length) != 0 || text[length] < '1' || text[length] > '9')
        return 0;
    unsigned long number = strtoul(text + length, &end, 10);
    return number > most || (*end && strcmp(end, unit) != 0) ? 0 : (uint32_t)number;
}

/* What one slot is to get. */
struct wanted {
    uint8_t action;
    uint32_t seconds, limit, shunt;
};

/* Whether the text is an action. */
static bool parse(const char *text, struct wanted *wanted)
{
    int plain = action_parse(text);

    *wanted = (struct wanted){
        .seconds = parse_number(text, "block:", POLICY_BLOCK_MAX, "s"),
        .limit = parse_number(text, "limit:", LIMIT_MOST, ""),
        .shunt = parse_number(text, "shunt:", POLICY_SHUNT_MAX, ""),
    };
    wanted->action = (uint8_t)(plain >= 0        ? plain
                               : wanted->seconds ? ACTION_DROP
                               : wanted->limit   ? ACTION_LIMIT
                                                 : ACTION_COUNT);
    return plain >= 0 || wanted->seconds || wanted->limit || wanted->shunt;
}

static void note_limits(struct policy *policy)
{
    policy->limits = false;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        policy->limits |= policy->action[slot] == ACTION_LIMIT;
}

void policy_take_slot(struct policy *policy, const struct policy *from, uint32_t slot)
{
    policy->action[slot] = from->action[slot];
    policy->block_seconds[slot] = from->block_seconds[slot];
    policy->limit[slot] = from->limit[slot];
    policy->shunt_after[slot] = from->shunt_after[slot];
    note_limits(policy);
}

bool policy_same_slot(const struct policy *a, const struct policy *b, uint32_t slot)
{
    return a->action[slot] == b->action[slot] && a->block_seconds[slot] == b->block_seconds[slot] &&
           a->limit[slot] == b->limit[slot] && a->shunt_after[slot] == b->shunt_after[slot];
}

int policy_set_action(struct policy *policy, const char *text, struct error *error)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return error_set(
            error, -EINVAL,
            "--action %s: should be CLASS=drop|forward|count|block:SECONDS|limit:N|shunt:N", text);
    size_t length = (size_t)(equals - text);
    struct wanted wanted;
    if (!parse(equals + 1, &wanted))
        return not_an_action(text, equals + 1, error);
    int slot = policy_find_slot(policy, text, length);
    if (slot < 0)
        return policy_no_class(policy, "action", text, length, error);
    if (wanted.limit && slot >= SLOT_OTHER)
        return error_set(error, -EINVAL,
                         "--action %s: no destination is known of what isn't classified", text);
    if (wanted.shunt && slot >= SLOT_UNSURE)
        return error_set(error, -EINVAL,
                         "--action %s: only a flow of one of the model's classes is shunted", text);
    policy->action[slot] = wanted.action;
    policy->block_seconds[slot] = wanted.seconds;
    policy->limit[slot] = wanted.limit;
    policy->shunt_after[slot] = wanted.shunt;
    note_limits(policy);
    return 0;
}
