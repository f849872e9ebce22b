// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_private.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

static int read_shape(struct onnx_tensor *tensor, const Onnx__TensorProto *proto, const char *name,
                      struct error *error)
{
    tensor->type = onnx_element_type(proto->data_type);
    if (tensor->type == ONNX_UNKNOWN)
        return error_set(
            error, -EINVAL,
            "tensor '%s': data type %d isn't supported (float, double, int64, int32 and uint8 "
            "are)",
            name, proto->data_type);
    if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
        proto->n_external_data > 0)
        return error_set(error, -EINVAL,
                         "tensor '%s': its data is in another file; save the model in one file",
                         name);
    if (proto->segment)
        return error_set(error, -EINVAL, "tensor '%s': segments aren't supported", name);
    if (proto->n_dims > ONNX_RANK_MAX)
        return error_set(error, -EINVAL, "tensor '%s': %zu dimensions, at most %d are supported",
                         name, proto->n_dims, ONNX_RANK_MAX);
    tensor->rank = (uint32_t)proto->n_dims;
    tensor->count = 1;
    for (size_t i = 0; i < proto->n_dims; i++) {
        if (proto->dims[i] < 0 || proto->dims[i] > ONNX_FILE_MAX)
            return error_set(error, -EINVAL, "tensor '%s': dimension %zu is %lld", name, i,
                             (long long)proto->dims[i]);
        tensor->dims[i] = (size_t)proto->dims[i];
        tensor->count *= tensor->dims[i]; /* below 2^26 * 2^26 */
        if (tensor->count > ONNX_FILE_MAX)
            return error_set(error, -EINVAL, "tensor '%s' is larger than a file may be", name);
    }
    return 0;
}

/* Gives the numbers in place: in raw_data, or in the field made for their type. */
static int find_numbers(const Onnx__TensorProto *proto, const struct onnx_tensor *tensor,
                        const char *name, const void **numbers, struct error *error)
{
    bool short_ones = tensor->type == ONNX_FLOAT || tensor->type == ONNX_INT32;
    size_t element = tensor->type == ONNX_UINT8 ? 1 : short_ones ? sizeof(float) : sizeof(int64_t);
    size_t count;

    if (proto->has_raw_data) {
        *numbers = proto->raw_data.data;
        if (proto->n_float_data + proto->n_double_data + proto->n_int64_data + proto->n_int32_data >
            0)
            return error_set(error, -EINVAL, "tensor '%s' has its numbers twice", name);
        if (proto->raw_data.len != tensor->count * element)
            return error_set(error, -EINVAL,
                             "tensor '%s': %zu bytes of data, its shape asks for %zu", name,
                             proto->raw_data.len, tensor->count * element);
        return 0;
    }
    if (tensor->type == ONNX_FLOAT) {
        *numbers = proto->float_data;
        count = proto->n_float_data;
    } else if (tensor->type == ONNX_DOUBLE) {
        *numbers = proto->double_data;
        count = proto->n_double_data;
    } else if (tensor->type == ONNX_INT32 || tensor->type == ONNX_UINT8) {
        *numbers = proto->int32_data;
        count = proto->n_int32_data;
    } else {
        *numbers = proto->int64_data;
        count = proto->n_int64_data;
    }
    if (count != tensor->count)
        return error_set(error, -EINVAL, "tensor '%s': %zu numbers, its shape asks for %zu", name,
                         count, tensor->count);
    return 0;
}

/* raw_data has no alignment. */
static int copy_numbers(struct onnx_tensor *tensor, const char *name, const uint8_t *numbers,
                        bool raw, struct error *error)
{
    for (size_t i = 0; i < tensor->count; i++) {
        if (tensor->type == ONNX_FLOAT) {
            float number;
            memcpy(&number, numbers + i * sizeof(number), sizeof(number));
            tensor->reals[i] = (double)number;
        } else if (tensor->type == ONNX_DOUBLE) {
            memcpy(&tensor->reals[i], numbers + i * sizeof(double), sizeof(double));
        } else if (tensor->type == ONNX_UINT8 && raw) {
            tensor->integers[i] = numbers[i];
        } else if (tensor->type == ONNX_INT32 || tensor->type == ONNX_UINT8) {
            int32_t number;
            memcpy(&number, numbers + i * sizeof(number), sizeof(number));
            tensor->integers[i] = number;
        } else {
            memcpy(&tensor->integers[i], numbers + i * sizeof(int64_t), sizeof(int64_t));
        }
        if (tensor->reals && !isfinite(tensor->reals[i]))
            return error_set(error, -EINVAL, "tensor '%s': number %zu isn't finite", name, i);
    }
    return 0;
}

static int allocate_numbers(struct onnx_tensor *tensor, const char *name, struct error *error)
{
    void *memory = calloc(tensor->count + 1, sizeof(int64_t));

    if (!memory)
        return error_set(error, -ENOMEM, "tensor '%s': no memory for %zu numbers", name,
                         tensor->count);
    if (tensor->type == ONNX_FLOAT || tensor->type == ONNX_DOUBLE)
        tensor->reals = memory;
    else
        tensor->integers = memory;
    return 0;
}

int onnx_tensor_new(struct onnx_tensor **out, const Onnx__TensorProto *proto, const char *name,
                    struct error *error)
{
    struct onnx_tensor *tensor = calloc(1, sizeof(*tensor));
    const void *numbers = NULL;

    if (!tensor)
        return error_set(error, -ENOMEM, "tensor '%s': no memory", name);
    int err = read_shape(tensor, proto, name, error);
    if (!err)
        err = find_numbers(proto, tensor, name, &numbers, error);
    if (!err)
        err = allocate_numbers(tensor, name, error);
    if (!err)
        err = copy_numbers(tensor, name, numbers, proto->has_raw_data, error);
    if (err) {
        onnx_tensor_free(tensor);
        return err;
    }
    *out = tensor;
    return 0;
}

int onnx_tensor_allocate(struct onnx_tensor **out, enum onnx_type type, uint32_t rank,
                         const size_t *dims, const char *name, struct error *error)
{
    struct onnx_tensor *tensor = calloc(1, sizeof(*tensor));

    if (!tensor)
        return error_set(error, -ENOMEM, "tensor '%s': no memory", name);
    tensor->type = type;
    tensor->rank = rank;
    tensor->count = 1;
    for (uint32_t i = 0; i < rank; i++) {
        tensor->dims[i] = dims[i];
        tensor->count *= dims[i];
    }
    int err = allocate_numbers(tensor, name, error);
    if (err) {
        onnx_tensor_free(tensor);
        return err;
    }
    *out = tensor;
    return 0;
}

bool onnx_is_initialiser(const struct onnx *onnx, const char *name)
{
    return onnx_constant_find(onnx->private, name) != NULL;
}

int onnx_tensor_read(struct onnx_tensor **out, const struct onnx *onnx, const char *name,
                     struct error *error)
{
    const struct onnx_constant *constant = onnx_constant_find(onnx->private, name);

    if (!constant)
        return error_set(error, -ENOENT, "there is no initialiser '%s'", name);
    return onnx_constant_read(out, onnx, constant, error);
}

int onnx_attribute_tensor(const struct onnx_node *node, const char *name, struct onnx_tensor **out,
                          struct error *error)
{
    const Onnx__NodeProto *proto = node->attributes;

    for (size_t i = 0; i < proto->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = proto->attribute[i];

        if (strcmp(onnx_string(attribute->name), name) != 0)
            continue;
        if (attribute->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR || !attribute->t)
            return onnx_node_refuse(node, error, "attribute '%s' isn't a tensor", name);
        return onnx_tensor_new(out, attribute->t, name, error);
    }
    *out = NULL;
    return 0;
}

void onnx_tensor_free(struct onnx_tensor *tensor)
{
    if (!tensor)
        return;
    free(tensor->reals);
    free(tensor->integers);
    free(tensor);
}
