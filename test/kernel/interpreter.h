// SPDX-License-Identifier: BSD-2-Clause
/* Runs BPF instructions in user space: the straight-line subset that nn_emit writes, with any two
 * memories. It checks every access as the verifier would, so that generated inference is tested
 * without root and on features that no packet has. Aborts on what it doesn't know. */
#ifndef AFXDP_TEST_INTERPRETER_H
#define AFXDP_TEST_INTERPRETER_H

#include <stddef.h>

#include <linux/bpf.h>

struct interpreter_memory {
    void *at;
    size_t size;
};

/* r1 is the address of `work`; a map value, whatever its descriptor, is `map`. */
void interpret(const struct bpf_insn *instruction, size_t count, struct interpreter_memory work,
               struct interpreter_memory map);

#endif
