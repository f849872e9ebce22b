// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "onnx_private.h"

enum {
    DEPTH_MAX = 16,         /* a tensor in an attribute of a node is at depth 5 */
    MEMORY_MAX = 512 << 20, /* of all messages together */
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5,
};

struct wire {
    const uint8_t *at;
    const uint8_t *end;
};

static bool wire_varint(struct wire *wire, uint64_t *value)
{
    *value = 0;
    for (unsigned int shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;

        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

static bool wire_skip(struct wire *wire, uint64_t size)
{
    if (size > (uint64_t)(wire->end - wire->at))
        return false;
    wire->at += size;
    return true;
}

/* One field behind its tag; gives the bytes of a length-delimited one. */
static bool wire_field(struct wire *wire, unsigned int type, struct wire *content)
{
    uint64_t value;

    switch (type) {
    case WIRE_VARINT:
        return wire_varint(wire, &value);
    case WIRE_64:
        return wire_skip(wire, 8);
    case WIRE_32:
        return wire_skip(wire, 4);
    case WIRE_BYTES:
        if (!wire_varint(wire, &value))
            return false;
        content->at = wire->at;
        if (!wire_skip(wire, value))
            return false;
        content->end = wire->at;
        return true;
    default:
        return false;
    }
}

static int check_message(const ProtobufCMessageDescriptor *message, struct wire wire, int depth,
                         struct error *error)
{
    uint64_t seen = 0; /* of the message's fields that aren't repeated; none has over 64 */

    if (depth > DEPTH_MAX)
        return error_set(error, -EINVAL, "messages are nested more than %d deep", DEPTH_MAX);
    while (wire.at < wire.end) {
        struct wire content = {0};
        uint64_t tag;

        if (!wire_varint(&wire, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff ||
            !wire_field(&wire, tag & 7, &content))
            return error_set(error, -EINVAL, "not an ONNX file, or a damaged one");
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message, (unsigned int)(tag >> 3));
        if (!field)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            uint64_t bit = UINT64_C(1) << ((field - message->fields) & 63);

            if (seen & bit)
                return error_set(error, -EINVAL, "a field that may stand there once is repeated");
            seen |= bit;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && (tag & 7) == WIRE_BYTES) {
            int err = check_message(field->descriptor, content, depth + 1, error);

            if (err)
                return err;
        }
    }
    return 0;
}

int onnx_wire_check(const void *bytes, size_t size, struct error *error)
{
    struct wire wire = {bytes, (const uint8_t *)bytes + size};

    return check_message(&onnx__model_proto__descriptor, wire, 1, error);
}

/* Two bytes of a file can ask for hundreds in memory, so memory is what has to be bounded. */
static void *budget_alloc(void *data, size_t size)
{
    size_t *left = data;
    void *memory = size <= *left ? malloc(size) : NULL;

    if (memory) {
        size_t taken = malloc_usable_size(memory);
        *left -= taken < *left ? taken : *left;
    }
    return memory;
}

static void budget_free(void *data, void *memory)
{
    size_t *left = data;

    if (memory)
        *left += malloc_usable_size(memory);
    free(memory);
}

Onnx__ModelProto *onnx_unpack(const void *bytes, size_t size)
{
    size_t left = MEMORY_MAX;
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &left};

    return onnx__model_proto__unpack(&allocator, size, bytes);
}

void onnx_unpacked_free(Onnx__ModelProto *model)
{
    if (model)
        onnx__model_proto__free_unpacked(model, NULL); /* malloc's free, as above */
}
