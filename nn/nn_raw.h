// SPDX-License-Identifier: BSD-2-Clause
/* A network that reads the raw integers, scaled, made into one that reads codes: its input code
 * takes the scaling in, as far as a byte for each feature can hold it. */
#ifndef AFXDP_NN_RAW_H
#define AFXDP_NN_RAW_H

#include "nn_code.h"
#include "nn_float.h"
#include "nn_probe.h"

/* -EINVAL where the scaling isn't finite for each value of a feature. */
int nn_raw_check(const struct nn_float *network, struct error *error);

/* Makes the tables and the network on codes / 127 that stands for `network` on the rows' raw
 * integers, each row right behind the other; `coded` has no scaling. The codes of a feature lie
 * evenly between two of its scaled values, beyond which they saturate; which two is a search for
 * what follows the original best on the probe, whose `wanted` is the original's. -ENOMEM. */
int nn_raw_encode(struct nn_code_tables *tables, struct nn_float *coded,
                  const struct nn_float *network, const uint32_t *rows, size_t count,
                  const struct nn_probe *probe, struct error *error);

/* The network's logits for raw integers. */
void nn_raw_run(const struct nn_float *network, const uint32_t *features,
                double logits[NN_WIDTH_MAX]);

#endif
