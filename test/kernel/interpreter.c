// SPDX-License-Identifier: BSD-2-Clause
#include "interpreter.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 512 };

struct machine {
    uint64_t r[11];
    uint8_t stack[STACK];
    struct interpreter_memory memory[3];
};

static void die(const char *why, size_t at)
{
    fprintf(stderr, "interpreter: %s at instruction %zu\n", why, at);
    abort();
}

static void *checked(const struct machine *machine, uint64_t address, size_t size, size_t at)
{
    for (size_t i = 0; i < 3; i++) {
        uint64_t start = (uint64_t)(uintptr_t)machine->memory[i].at;

        if (address >= start && address + size <= start + machine->memory[i].size &&
            address % size == 0)
            return (void *)(uintptr_t)address;
    }
    die("access out of bounds or misaligned", at);
    return NULL;
}

static void alu(struct machine *machine, const struct bpf_insn *in, size_t at)
{
    uint64_t *d = &machine->r[in->dst_reg];
    uint64_t s = in->code & BPF_X ? machine->r[in->src_reg] : (uint64_t)(int64_t)in->imm;

    switch (in->code & 0xf0) {
    case BPF_MOV:
        *d = s;
        break;
    case BPF_ADD:
        *d += s;
        break;
    case BPF_SUB:
        *d -= s;
        break;
    case BPF_MUL:
        *d *= s;
        break;
    case BPF_AND:
        *d &= s;
        break;
    case BPF_OR:
        *d |= s;
        break;
    case BPF_XOR:
        *d ^= s;
        break;
    case BPF_LSH:
        *d <<= s & 63;
        break;
    case BPF_RSH:
        *d >>= s & 63;
        break;
    case BPF_ARSH:
        *d = (uint64_t)((int64_t)*d >> (s & 63));
        break;
    default:
        die("unknown arithmetic", at);
    }
    if (!(in->code & BPF_X) && (in->code & 0xf0) >= BPF_LSH && (in->code & 0xf0) <= BPF_RSH &&
        (in->imm < 0 || in->imm > 63))
        die("shift by more than a register has", at);
}

static void memory(struct machine *machine, const struct bpf_insn *in, size_t at)
{
    static const size_t sizes[4] = {4, 2, 1, 8};
    size_t size = sizes[(in->code & 0x18) >> 3];
    bool load = (in->code & 7) == BPF_LDX;
    uint64_t address = machine->r[load ? in->src_reg : in->dst_reg] + (uint64_t)(int64_t)in->off;
    void *place = checked(machine, address, size, at);
    uint64_t value =
        (in->code & 7) == BPF_ST ? (uint64_t)(int64_t)in->imm : machine->r[in->src_reg];

    if (load) {
        machine->r[in->dst_reg] = 0;
        memcpy(&machine->r[in->dst_reg], place, size); /* little-endian, as q8_layout.h asserts */
    } else {
        memcpy(place, &value, size);
    }
}

void interpret(const struct bpf_insn *instruction, size_t count, struct interpreter_memory work,
               struct interpreter_memory map)
{
    struct machine machine;

    memset(&machine, 0xa5, sizeof(machine)); /* nothing may count on a fresh register */
    machine.memory[0] = work;
    machine.memory[1] = map;
    machine.memory[2] = (struct interpreter_memory){machine.stack, STACK};
    machine.r[1] = (uint64_t)(uintptr_t)work.at;
    machine.r[10] = (uint64_t)(uintptr_t)(machine.stack + STACK);

    for (size_t i = 0; i < count; i++) {
        const struct bpf_insn *in = &instruction[i];

        switch (in->code & 7) {
        case BPF_ALU64:
            alu(&machine, in, i);
            break;
        case BPF_LDX:
        case BPF_STX:
        case BPF_ST:
            memory(&machine, in, i);
            break;
        case BPF_LD:
            if (in->code != BPF_DW /* BPF_LD, BPF_IMM: both 0 */)
                die("unknown load", i);
            machine.r[in->dst_reg] = in->src_reg == BPF_PSEUDO_MAP_VALUE
                                         ? (uint64_t)(uintptr_t)map.at
                                         : (uint32_t)in->imm | (uint64_t)in[1].imm << 32;
            i++;
            break;
        default:
            die("unknown instruction", i);
        }
    }
}
