// SPDX-License-Identifier: BSD-2-Clause
/* The input code of one feature as BPF instructions. Private to nn_emit.c. */
#ifndef AFXDP_NN_EMIT_CODE_H
#define AFXDP_NN_EMIT_CODE_H

#include "nn_insn.h"

/* Stores the code of feature `f` at `to` within the struct path_work that register `work` points
 * to; register `tables` points to struct nn_tables. Uses r0 to r2. */
void nn_emit_code(struct nn_insns *out, uint32_t f, uint32_t work, uint32_t tables, size_t to);

#endif
