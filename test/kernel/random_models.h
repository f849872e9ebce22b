// SPDX-License-Identifier: BSD-2-Clause
/* Random models that make something of real packets: their codes and thresholds lie where packets'
 * features do, so that verdicts differ from packet to packet. */
#ifndef AFXDP_TEST_RANDOM_MODELS_H
#define AFXDP_TEST_RANDOM_MODELS_H

#include "dt_model.h"
#include "nn_model.h"

struct nn_model *random_network(uint64_t seed, uint32_t feature_set, uint32_t layers,
                                const uint32_t *widths);

/* Complete trees of that depth up to 10, below that ever fewer branches go on. */
struct dt_model *random_forest(uint64_t seed, uint32_t feature_set, uint32_t trees, uint32_t depth,
                               uint32_t classes);

#endif
