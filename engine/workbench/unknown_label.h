// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_UNKNOWN_LABEL_H
#define AFXDP_UNKNOWN_LABEL_H

#include "error.h"
#include "q8.h"

/* Says that a label is none of the classes, and how to mend it: which class it is with other case
 * and hyphens ("BENIGN", "Port Scan"), else what classes there are. Returns -EINVAL. */
int unknown_label(const char *label, const struct q8_class *classes, uint32_t count,
                  struct error *error);

#endif
