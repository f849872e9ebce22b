// SPDX-License-Identifier: BSD-2-Clause
/* Models that tell when two of them were mixed. Model 0 gives every packet class 0, model 1 class
 * 1, and whatever has a part of both gives class 2. */
#ifndef AFXDP_TEST_TELLTALE_H
#define AFXDP_TEST_TELLTALE_H

#include "dt_model.h"
#include "nn_model.h"

enum { TELLTALE_CLASSES = 3, TELLTALE_MIXED = 2 };

struct nn_model *telltale_network(uint32_t which);
struct dt_model *telltale_forest(uint32_t which, uint32_t trees);

#endif
