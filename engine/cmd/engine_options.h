// SPDX-License-Identifier: BSD-2-Clause
/* What afxdp-engine is asked to do. */
#ifndef AFXDP_ENGINE_OPTIONS_H
#define AFXDP_ENGINE_OPTIONS_H

#include <stdbool.h>

#include "flow_table_memory.h"
#include "live_options.h"
#include "options.h"
#include "policy.h"

enum { ACTION_OPTIONS_MAX = 2 * SLOTS };

struct engine_options {
    const char *pcap;                       /* NULL: packets come from an interface */
    const char *model;                      /* NULL: not said; "none": no model */
    const char *action[ACTION_OPTIONS_MAX]; /* CLASS=ACTION, checked when the model is known */
    uint32_t action_count;
    uint16_t min_confidence;
    struct flow_table_options flows;
    const char *verdicts; /* NULL: none */
    bool json;
    struct live_options live; /* without pcap */
};

#define ENGINE_OPTIONS_DEFAULT                                                                     \
    {                                                                                              \
        .flows = FLOW_TABLE_OPTIONS_DEFAULT, .live = LIVE_OPTIONS_DEFAULT                          \
    }

extern const struct program engine_program;

/* The policy that the options and a model (NULL: none) ask for. */
int engine_policy(struct policy *policy, const struct engine_options *options,
                  const struct q8 *model, struct error *error);

#endif
