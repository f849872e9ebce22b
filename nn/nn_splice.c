// SPDX-License-Identifier: BSD-2-Clause
#include "nn_splice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The only call of a subprogram; `count` where there is none or another. */
static size_t find_call(const struct bpf_insn *program, size_t count)
{
    size_t found = count;

    for (size_t i = 0; i < count; i++) {
        if (program[i].code != (BPF_JMP | BPF_CALL) || program[i].src_reg != BPF_PSEUDO_CALL)
            continue;
        if (found != count)
            return count;
        found = i;
    }
    return found;
}

/* Whether the program keeps off the stack that generated code uses: no frame access and no pointer
 * into the frame goes that low. */
static bool leaves_stack(const struct bpf_insn *program, size_t count)
{
    const int reserved = NN_SPLICE_STACK + 32;

    for (size_t i = 0; i < count; i++) {
        uint8_t class = program[i].code & 7;
        bool load = class == BPF_LDX && program[i].src_reg == BPF_REG_10;
        bool store = (class == BPF_STX || class == BPF_ST) && program[i].dst_reg == BPF_REG_10;
        bool pointer = program[i].code == (BPF_ALU64 | BPF_ADD);

        if ((load || store) && program[i].off < reserved)
            return false;
        /* Any such sum might be of a frame pointer; none of the path's others is so low. */
        if (pointer && program[i].imm < reserved && program[i].imm >= NN_SPLICE_STACK)
            return false;
    }
    return true;
}

int nn_splice(struct nn_code_buffer *out, const struct bpf_insn *program, size_t count,
              const struct nn_code_buffer *inference)
{
    size_t call = find_call(program, count);

    if (call == count)
        return -EINVAL;
    size_t body = call + 1 + (size_t)program[call].imm; /* also where the main program ends */
    if (body <= call || body >= count || !leaves_stack(program, body))
        return -EINVAL;
    size_t end = body + inference->count;
    if (end - call > INT16_MAX)
        return -E2BIG;

    struct bpf_insn *spliced = malloc((end + 1) * sizeof(*spliced));
    if (!spliced)
        return -ENOMEM;
    memcpy(spliced, program, body * sizeof(*spliced));
    memcpy(spliced + body, inference->instruction, inference->count * sizeof(*spliced));
    spliced[call] = (struct bpf_insn){.code = BPF_JMP | BPF_JA, .off = (int16_t)(body - call - 1)};
    spliced[end] = (struct bpf_insn){.code = BPF_JMP | BPF_JA,
                                     .off = (int16_t)((int)(call + 1) - (int)(end + 1))};
    out->instruction = spliced;
    out->count = end + 1;
    return 0;
}
