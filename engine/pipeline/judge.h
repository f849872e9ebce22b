// SPDX-License-Identifier: BSD-2-Clause
/* Who judges the packets of a pipeline, and what follows: replaced as one, between two bursts. */
#ifndef AFXDP_JUDGE_H
#define AFXDP_JUDGE_H

#include "classifier.h"
#include "policy.h"

struct judge {
    const struct classifier *classifier; /* NULL: --model none, every verdict is class 0 */
    const struct policy *policy;
};

#endif
