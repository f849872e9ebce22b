// SPDX-License-Identifier: BSD-2-Clause
/* Whether every variant that this CPU offers gives, bit for bit, what an independent computation in
 * wide integers gives. Prints what differs. No test framework: also built for other machines. */
#ifndef AFXDP_NN_AGREEMENT_H
#define AFXDP_NN_AGREEMENT_H

#include "nn_random.h"

/* nn_code_index from the design page's words. */
uint32_t nn_index_by_hand(uint32_t value);

/* One model on random features, in ragged batches of 0 to 200. */
bool nn_agreement_check(struct random *random, const struct nn_model *model);

/* `rounds` models of random shapes and either feature set, then all of the usual ones: three
 * layers, 16 to 64 wide. */
bool nn_agreement_shapes(struct random *random, int rounds);

/* Values around every place of the code tables, in every feature of a set. */
bool nn_agreement_codes(uint32_t feature_set);

#endif
