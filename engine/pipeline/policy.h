// SPDX-License-Identifier: BSD-2-Clause
/* What is done with the packets of each class.
 *
 * A packet falls into exactly one slot (counters.h): a class of the model, or one of the engine's
 * own three. Counters and actions are kept by slot. A policy is read-only while workers use it. */
#ifndef AFXDP_POLICY_H
#define AFXDP_POLICY_H

#include "class_limits.h"
#include "counters.h"
#include "error.h"
#include "q8.h"

enum {
    POLICY_BLOCK_MAX = 31 * 24 * 3600, /* s */
    POLICY_SHUNT_MAX = 10000,          /* verdicts */
    POLICY_ACTION_MAX = 24,
};

struct policy {
    uint8_t action[SLOTS];         /* enum action */
    uint32_t block_seconds[SLOTS]; /* with ACTION_DROP: its source is blocked; 0: it isn't */
    uint32_t limit[SLOTS];         /* with ACTION_LIMIT: packets a second to one destination */
    bool limits;                   /* some slot has that action */
    uint32_t shunt_after[SLOTS];   /* with ACTION_COUNT: verdicts in a row; 0: it isn't shunted */
    uint16_t shunt_confidence;     /* that each of them has at least */
    uint16_t min_confidence;       /* 0: every verdict counts */
    uint32_t class_count;
    char class_name[CLASSES_MAX][CLASS_NAME_SIZE];
};

/* The model's classes with their default actions; `other` is forwarded, `malformed` and `unsure`
 * are counted. Without a model (NULL) there is one class, "unclassified". */
void policy_init(struct policy *policy, const struct q8 *model);

/* Carries out `--action CLASS=ACTION`. -EINVAL for text that isn't one, and for an unknown class
 * with a message that lists the classes. */
int policy_set_action(struct policy *policy, const char *text, struct error *error);

/* The slot of that name, which needn't end with a NUL; -1: there is none. */
int policy_find_slot(const struct policy *policy, const char *name, size_t length);

/* -EINVAL, with a message of that option's that lists the classes. */
int policy_no_class(const struct policy *policy, const char *option, const char *name,
                    size_t length, struct error *error);

/* Gives a slot what another policy of the same classes does with it. */
void policy_take_slot(struct policy *policy, const struct policy *from, uint32_t slot);

/* Whether both do the same with a slot. */
bool policy_same_slot(const struct policy *a, const struct policy *b, uint32_t slot);

/* Name of a slot, NULL where the policy has none. */
const char *policy_slot_name(const struct policy *policy, uint32_t slot);

/* How an action is written: "count", "block:60", "limit:1000",
 * "shunt:16". */
void policy_print_action(const struct policy *policy, uint32_t slot, char text[POLICY_ACTION_MAX]);

/* Whether any slot's sources are blocked. */
bool policy_blocks(const struct policy *policy);

/* Whether any slot's flows are shunted. */
bool policy_shunts(const struct policy *policy);

/* Whether any slot's packets are dropped, be it some of them. */
bool policy_drops(const struct policy *policy);

/* The slot of a verdict. */
ALWAYS_INLINE uint32_t policy_slot(const struct policy *policy, const struct verdict *verdict)
{
    return verdict->confidence < policy->min_confidence ? SLOT_UNSURE : verdict->class_index;
}

#endif
