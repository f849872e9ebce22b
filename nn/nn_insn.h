// SPDX-License-Identifier: BSD-2-Clause
/* Appends BPF instructions to a growing array. Running out of memory is remembered and told by
 * nn_insn_status at the end, so that emitters read as the program they write. */
#ifndef AFXDP_NN_INSN_H
#define AFXDP_NN_INSN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/bpf.h>

struct nn_insns {
    struct bpf_insn *at;
    size_t count;
    size_t capacity;
    bool failed;
};

static inline void insn(struct nn_insns *out, uint8_t code, uint32_t dst, uint32_t src, int off,
                        int64_t imm)
{
    if (out->count == out->capacity) {
        size_t capacity = out->capacity ? 2 * out->capacity : 4096;
        struct bpf_insn *grown = realloc(out->at, capacity * sizeof(*grown));

        if (!grown) {
            out->failed = true;
            return;
        }
        out->at = grown;
        out->capacity = capacity;
    }
    out->at[out->count++] = (struct bpf_insn){
        .code = code,
        .dst_reg = (uint8_t)(dst & 15),
        .src_reg = (uint8_t)(src & 15),
        .off = (int16_t)off,
        .imm = (int32_t)imm,
    };
}

/* dst = dst OPERATION value, in 64 bits; the value is 32 bits, sign-extended. */
static inline void insn_value(struct nn_insns *out, uint8_t operation, uint32_t dst, int64_t value)
{
    insn(out, (uint8_t)(BPF_ALU64 | BPF_K | operation), dst, 0, 0, value);
}

static inline void insn_register(struct nn_insns *out, uint8_t operation, uint32_t dst,
                                 uint32_t src)
{
    insn(out, (uint8_t)(BPF_ALU64 | BPF_X | operation), dst, src, 0, 0);
}

/* BPF_LD | BPF_IMM | BPF_DW, of which only the last isn't 0; takes two instructions. */
enum { INSN_CONSTANT = BPF_DW };

static inline void insn_constant(struct nn_insns *out, uint32_t dst, uint64_t value)
{
    if ((int64_t)value == (int32_t)value) {
        insn_value(out, BPF_MOV, dst, (int32_t)value);
        return;
    }
    insn(out, INSN_CONSTANT, dst, 0, 0, (int32_t)value);
    insn(out, 0, 0, 0, 0, (int32_t)(value >> 32));
}

/* dst = address of the one element of an array map. */
static inline void insn_map_value(struct nn_insns *out, uint32_t dst, int map)
{
    insn(out, INSN_CONSTANT, dst, BPF_PSEUDO_MAP_VALUE, 0, map);
    insn(out, 0, 0, 0, 0, 0);
}

/* size: BPF_B, BPF_H, BPF_W or BPF_DW. */
static inline void insn_load(struct nn_insns *out, uint8_t size, uint32_t dst, uint32_t base,
                             size_t offset)
{
    insn(out, (uint8_t)(BPF_LDX | BPF_MEM | size), dst, base, (int)offset, 0);
}

static inline void insn_store(struct nn_insns *out, uint8_t size, uint32_t base, size_t offset,
                              uint32_t src)
{
    insn(out, (uint8_t)(BPF_STX | BPF_MEM | size), base, src, (int)offset, 0);
}

#endif
