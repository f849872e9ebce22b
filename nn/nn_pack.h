// SPDX-License-Identifier: BSD-2-Clause
/* Packs a network for the in-kernel programs that keep it in a map. */
#ifndef AFXDP_NN_PACK_H
#define AFXDP_NN_PACK_H

#include "nn_kernel_abi.h"

/* Fills all of `packed`. Every model that nn_model_load accepts fits. */
void nn_pack(struct nn_packed *packed, const struct nn_model *model);

/* What an output's sum can be, bias included, for activations up to `most[input]`. */
struct nn_bounds {
    int64_t low;
    int64_t high;
};

struct nn_bounds nn_bounds_of(const struct nn_layer *layer, uint32_t output,
                              const uint8_t most[NN_WIDTH_MAX]);

#endif
