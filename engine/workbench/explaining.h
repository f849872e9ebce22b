// SPDX-License-Identifier: BSD-2-Clause
/* Which row is to be explained. */
#ifndef AFXDP_EXPLAINING_H
#define AFXDP_EXPLAINING_H

#include "error.h"
#include "flow_features.h"

/* With a features.csv: the row of the index `text` in it. Without one (NULL), `text` is the row
 * itself, "51234,22,6,…". As many values as the set has. -errno of reading; -EINVAL with one line.
 */
int explaining_row(uint32_t row[FEATURES_MAX], const char *text, const char *features,
                   uint32_t feature_set, struct error *error);

#endif
