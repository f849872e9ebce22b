// SPDX-License-Identifier: BSD-2-Clause
/* Writes the inference of one network as BPF instructions, with the weights as constants.
 *
 * A 64-bit word holds the sums of as many outputs as fit: a lane is as wide as interval arithmetic
 * over the model says its sum can be, so nothing is lost to a common width, and none borrows from
 * another. Weights that are 0, outputs that can only be 0 and their weights in the next layer cost
 * nothing. The result is the reference's, bit for bit: no sum overflows its lane. */
#ifndef AFXDP_NN_EMIT_H
#define AFXDP_NN_EMIT_H

#include <stddef.h>

#include <linux/bpf.h>

#include "nn_kernel_abi.h"

void nn_tables_fill(struct nn_tables *tables, const struct nn_model *model);

struct nn_code_buffer {
    struct bpf_insn *instruction; /* owned; free() it */
    size_t count;
};

/* The instructions take a struct path_work * in r1, read its features, use its scratch, and set its
 * verdict. They keep r6 to r9, which they save in the 32 bytes of stack at r10 + `stack`
 * (negative), leave nothing in r0 to r5, and end without an exit: what comes next is the caller's.
 * `tables` is the descriptor of a map of one struct nn_tables. -ENOMEM. */
int nn_emit(struct nn_code_buffer *out, const struct nn_model *model, int tables, int stack);

#endif
