// SPDX-License-Identifier: BSD-2-Clause
#include "packet_rule.h"

#include <errno.h>
#include <string.h>

static const char class_is[] = "class=";
static const char action_is[] = "action=";

static int name_class(struct packet_rule *rule, const char *name, size_t length,
                      const struct policy *policy, struct error *error)
{
    int slot = policy_find_slot(policy, name, length);

    if (slot < 0)
        return policy_no_class(policy, "write-if", name, length, error);
    rule->slot[slot] = true;
    return 0;
}

static int name_action(struct packet_rule *rule, const char *name, size_t length,
                       struct error *error)
{
    for (uint32_t action = 0; action < ACTIONS; action++) {
        const char *known = action_name(action);

        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            rule->action[action] = true;
            return 0;
        }
    }
    return error_set(error, -EINVAL,
                     "--write-if: no action '%.*s'; there are drop, limit, forward and count",
                     (int)(length < 40 ? length : 40), name);
}

static int add_word(struct packet_rule *rule, const char *word, size_t length,
                    const struct policy *policy, struct error *error)
{
    const size_t class_length = sizeof(class_is) - 1, action_length = sizeof(action_is) - 1;

    if (length > class_length && memcmp(word, class_is, class_length) == 0)
        return name_class(rule, word + class_length, length - class_length, policy, error);
    if (length > action_length && memcmp(word, action_is, action_length) == 0)
        return name_action(rule, word + action_length, length - action_length, error);
    return error_set(error, -EINVAL,
                     "--write-if: '%.*s' should be class=CLASS or action=ACTION, commas between",
                     (int)(length < 40 ? length : 40), word);
}

/* Of what nothing was named, everything is meant. */
static void fill(bool *named, size_t count)
{
    if (!memchr(named, 1, count))
        memset(named, true, count);
}

int packet_rule_parse(struct packet_rule *rule, const char *text, const struct policy *policy,
                      struct error *error)
{
    struct packet_rule made = {.slot = {false}};

    for (const char *word = text; word; word = strchr(word, ',')) {
        word += word != text;
        int status = add_word(&made, word, strcspn(word, ","), policy, error);
        if (status != 0)
            return status;
    }
    fill(made.slot, SLOTS);
    fill(made.action, ACTIONS);
    *rule = made;
    return 0;
}
