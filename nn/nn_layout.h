// SPDX-License-Identifier: BSD-2-Clause
/* The bytes of an NN's payload in a `.q8` file: this header, a code table of NN_CODES bytes for
 * each feature of the file's set, then the layers, each right behind the other. A layer is its
 * header, outputs × int32 bias, outputs × uint8 shift and outputs × inputs × int8 weight. All
 * numbers are little-endian. */
#ifndef AFXDP_NN_LAYOUT_H
#define AFXDP_NN_LAYOUT_H

#include "nn_model.h"

struct nn_payload_header {
    uint32_t layer_count;
    uint32_t codes;       /* NN_CODES */
    uint32_t reserved[2]; /* 0 */
};

struct nn_layer_header {
    uint32_t inputs;
    uint32_t outputs;
};

_Static_assert(sizeof(struct nn_payload_header) == 16, "no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the payload is read in place");

#endif
