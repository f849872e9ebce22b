// SPDX-License-Identifier: BSD-2-Clause
/* A network that reads the raw integers, scaled, made into one that reads codes: its input code
 * takes the scaling in, as far as a byte for each feature can hold it. */
#ifndef AFXDP_NN_RAW_H
#define AFXDP_NN_RAW_H

#include "nn_code.h"
#include "nn_float.h"

/* Makes the tables and the network on codes / 127 that stands for `network` on the rows' raw
 * integers, each row right behind the other; `coded` has no scaling. The codes of a feature lie
 * evenly between two of its scaled values, beyond which they saturate; which two is a search for
 * what agrees with the original on most of the `count` rows. -EINVAL where a scaling isn't finite,
 * -ENOMEM. */
int nn_raw_encode(struct nn_code_tables *tables, struct nn_float *coded,
                  const struct nn_float *network, const uint32_t *rows, size_t count,
                  struct error *error);

/* The class that the network gives to raw integers. */
uint32_t nn_raw_classify(const struct nn_float *network, const uint32_t *features);

#endif
