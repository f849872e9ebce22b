// SPDX-License-Identifier: BSD-2-Clause
/* Which packets an option means: `class=flood,class=portscan,action=drop` are those of either class
 * that are dropped. What isn't named doesn't matter. */
#ifndef AFXDP_PACKET_RULE_H
#define AFXDP_PACKET_RULE_H

#include "policy.h"

struct packet_rule {
    bool slot[SLOTS];
    bool action[ACTIONS];
};

/* `text` is --write-if's value; NULL: every packet. -EINVAL, with a line that lists what there is.
 */
int packet_rule_parse(struct packet_rule *rule, const char *text, const struct policy *policy,
                      struct error *error);

#endif
