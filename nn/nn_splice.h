// SPDX-License-Identifier: BSD-2-Clause
/* Puts generated inference into a compiled program, in place of its one call of a subprogram. */
#ifndef AFXDP_NN_SPLICE_H
#define AFXDP_NN_SPLICE_H

#include "nn_emit.h"

enum {
    NN_SPLICE_STACK = -512, /* where generated code saves registers: the far end of the stack */
    NN_SPLICE_MOST = 30000, /* instructions of generated code: a jump reaches over 32,767, and part
                               of the compiled program lies between */
};

/* A copy of `count` instructions, the last of which are the subprogram that the only call in them
 * leads to. In the copy, the call is a jump to `inference`, which takes the subprogram's place and
 * ends with a jump back: there is no call, no return and no stack frame. Free the result.
 *
 * -EINVAL for a program of another shape, or one that needs the generated code's stack; -E2BIG when
 * a jump over `inference` would be longer than 32,767 instructions. */
int nn_splice(struct nn_code_buffer *out, const struct bpf_insn *program, size_t count,
              const struct nn_code_buffer *inference);

#endif
