// SPDX-License-Identifier: BSD-2-Clause
#include "nn_emit_code.h"

#include "nn_kernel_abi.h"
#include "path_abi.h"

/* Bits of the largest value that a feature can have (flow_features.h). */
static const uint8_t feature_bits[FEATURES_MAX] = {
    [FEATURE_SPORT] = 16,
    [FEATURE_DPORT] = 16,
    [FEATURE_PROTOCOL] = 8,
    [FEATURE_LENGTH] = 32,
    [FEATURE_INTERVAL] = 32,
    [FEATURE_DIRECTION] = 1,
    [FEATURE_MEAN_LENGTH] = 32,
    [FEATURE_MEAN_INTERVAL] = 32,
    [FEATURE_MEAN_DIRECTION] = FEATURE_DIRECTION_SHIFT + 1,
    [FEATURE_DEV_LENGTH] = 32,
    [FEATURE_DEV_INTERVAL] = 32,
    [FEATURE_DEV_DIRECTION] = FEATURE_DIRECTION_SHIFT + 1,
    [FEATURE_FLAGS_FORWARD] = 8,
    [FEATURE_FLAGS_BACKWARD] = 8,
    [FEATURE_PAYLOAD_FORWARD] = 16,
    [FEATURE_PAYLOAD_BACKWARD] = 16,
    [FEATURE_INITIATOR_FAILED] = 20,
    [FEATURE_INITIATOR_FAILED_SHARE] = 8,
    [FEATURE_INITIATOR_UNANSWERED] = 20,
    [FEATURE_INITIATOR_PEERS] = 8,
    [FEATURE_INITIATOR_PORTS] = 8,
    [FEATURE_PAIR_FLOWS] = 20,
    [FEATURE_PAIR_PORTS] = 8,
    [FEATURE_RESPONDER_FAILED] = 20,
    [FEATURE_RESPONDER_SOURCES] = 8,
    [FEATURE_RESPONDER_NEW] = 8,
    [FEATURE_RESPONDER_REFUSED] = 20,
    [FEATURE_SERVICE_FAILED] = 20,
};

/* register = 1 where the feature in `value` is above `limit`, else 0. */
static void emit_above(struct nn_insns *out, uint32_t dst, uint32_t value, int64_t limit)
{
    insn_value(out, BPF_MOV, dst, limit);
    insn_register(out, BPF_SUB, dst, value);
    insn_value(out, BPF_RSH, dst, 63);
}

/* As nn_window_index, with the bytes to shift by in as many comparisons as the feature is wide. */
void nn_emit_code(struct nn_insns *out, uint32_t f, uint32_t work, uint32_t tables, size_t to)
{
    enum { value = 0, bytes = 1, shift = 2 };
    const bool wide = feature_bits[f] > 12;

    insn_load(out, BPF_W, value, work, offsetof(struct path_work, features) + 4 * f);
    if (wide) {
        emit_above(out, bytes, value, 0xfff);
        if (feature_bits[f] > 20) {
            emit_above(out, shift, value, 0xfffff);
            insn_register(out, BPF_ADD, bytes, shift);
            emit_above(out, shift, value, 0xfffffff);
            insn_register(out, BPF_ADD, bytes, shift);
        }
        insn_register(out, BPF_MOV, shift, bytes);
        insn_value(out, BPF_LSH, shift, 3);
        insn_register(out, BPF_RSH, value, shift);
    }
    insn_value(out, BPF_AND, value, NN_WINDOW - 1);
    insn_register(out, BPF_ADD, value, tables);
    insn_load(out, BPF_B, value, value, offsetof(struct nn_tables, index));
    if (wide) {
        insn_value(out, BPF_LSH, bytes, 7); /* 16 entries for each of 8 bits */
        insn_register(out, BPF_ADD, value, bytes);
    }
    insn_register(out, BPF_ADD, value, tables);
    insn_load(out, BPF_B, value, value, offsetof(struct nn_tables, code) + f * NN_CODES);
    insn_store(out, BPF_B, work, to, value);
}
