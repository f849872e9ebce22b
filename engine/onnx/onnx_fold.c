// SPDX-License-Identifier: BSD-2-Clause
/* Nodes that compute on constants: exporters write weights behind them. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "onnx_private.h"

enum {
    DEPTH_MAX = 16,         /* nodes between a value and its initialiser */
    ELEMENTS_MAX = 1 << 22, /* computed for one value, all steps together */
    OPERANDS_MAX = 2,
};

struct fold {
    const struct onnx *onnx;
    size_t elements; /* computed so far */
    struct error *error;
};

static int read_constant(struct fold *fold, const struct onnx_constant *constant, int depth,
                         struct onnx_tensor **out);

static double number_of(const struct onnx_tensor *tensor, size_t i)
{
    if (tensor->reals)
        return tensor->reals[i];
    return tensor->integers ? (double)tensor->integers[i] : 0;
}

/* Float arithmetic is float32's: for these operations rounding a double's result is the same. */
static int set_number(struct onnx_tensor *tensor, size_t i, double number, const char *name,
                      struct error *error)
{
    if (tensor->type == ONNX_FLOAT)
        number = (double)(float)number;
    if (!isfinite(number))
        return error_set(error, -EINVAL, "tensor '%s': number %zu isn't finite", name, i);
    if (tensor->reals) {
        tensor->reals[i] = number;
        return 0;
    }
    if (!tensor->integers || fabs(number) > 0x1p53)
        return error_set(error, -EINVAL, "tensor '%s': number %zu is too large", name, i);
    tensor->integers[i] = (int64_t)number;
    return 0;
}

/* Copies numbers into another shape of the same count. */
static int reshaped(struct fold *fold, const struct onnx_tensor *from, enum onnx_type type,
                    uint32_t rank, const size_t *dims, const char *name, struct onnx_tensor **out)
{
    struct onnx_tensor *made = NULL;
    int err = onnx_tensor_allocate(&made, type, rank, dims, name, fold->error);

    for (size_t i = 0; !err && i < made->count; i++) {
        if (made->integers && from->integers)
            made->integers[i] = from->integers[i];
        else
            err = set_number(made, i, number_of(from, i), name, fold->error);
    }
    if (err) {
        onnx_tensor_free(made);
        return err;
    }
    *out = made;
    return 0;
}

static int fold_cast(struct fold *fold, const struct onnx_node *node,
                     struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    int64_t to = 0;
    int err = onnx_attribute_int(node, "to", &to, fold->error);

    if (err)
        return err;
    enum onnx_type type = to >= 0 && to < 32 ? onnx_element_type((int32_t)to) : ONNX_UNKNOWN;
    if (type == ONNX_UNKNOWN)
        return onnx_node_refuse(node, fold->error, "a cast to data type %lld isn't supported",
                                (long long)to);
    return reshaped(fold, operands[0], type, operands[0]->rank, operands[0]->dims, node->outputs[0],
                    out);
}

static int fold_identity(struct fold *fold, const struct onnx_node *node,
                         struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    return reshaped(fold, operands[0], operands[0]->type, operands[0]->rank, operands[0]->dims,
                    node->outputs[0], out);
}

static int fold_transpose(struct fold *fold, const struct onnx_node *node,
                          struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    const struct onnx_tensor *from = operands[0];
    const int64_t *order;
    size_t count;
    int err = onnx_attribute_ints(node, "perm", &order, &count, fold->error);

    if (err)
        return err;
    if (from->rank > 2 || (count > 0 && count != from->rank))
        return onnx_node_refuse(node, fold->error, "only a matrix can be transposed");
    bool kept = from->rank < 2 || (count == 2 && order[0] == 0 && order[1] == 1);
    if (kept)
        return fold_identity(fold, node, operands, out);
    if (count == 2 && (order[0] != 1 || order[1] != 0))
        return onnx_node_refuse(node, fold->error, "'perm' isn't an order of two dimensions");

    size_t dims[2] = {from->dims[1], from->dims[0]};
    struct onnx_tensor *made = NULL;
    err = onnx_tensor_allocate(&made, from->type, 2, dims, node->outputs[0], fold->error);
    if (err)
        return err;
    for (size_t row = 0; row < dims[0]; row++) {
        for (size_t column = 0; column < dims[1]; column++) {
            if (from->reals)
                made->reals[row * dims[1] + column] = from->reals[column * dims[0] + row];
            else
                made->integers[row * dims[1] + column] = from->integers[column * dims[0] + row];
        }
    }
    *out = made;
    return 0;
}

static int fold_reshape(struct fold *fold, const struct onnx_node *node,
                        struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    const struct onnx_tensor *from = operands[0];
    const struct onnx_tensor *shape = operands[1];
    size_t dims[ONNX_RANK_MAX];
    size_t known = 1;
    int open = -1;

    if (!shape || !shape->integers || shape->rank != 1 || shape->count > ONNX_RANK_MAX)
        return onnx_node_refuse(node, fold->error, "its shape isn't up to %d integers",
                                ONNX_RANK_MAX);
    for (size_t i = 0; i < shape->count; i++) {
        int64_t dim = shape->integers[i];

        if (dim == 0 && i < from->rank)
            dim = (int64_t)from->dims[i];
        if (dim == -1 && open < 0) {
            open = (int)i;
            dim = 1;
        }
        if (dim < 0 || (uint64_t)dim > from->count || known * (size_t)dim > from->count)
            return onnx_node_refuse(node, fold->error, "%zu numbers don't fit its shape",
                                    from->count);
        dims[i] = (size_t)dim;
        known *= dims[i];
    }
    if (open >= 0 && known > 0) {
        dims[open] = from->count / known;
        known *= dims[open];
    }
    if (known != from->count)
        return onnx_node_refuse(node, fold->error, "%zu numbers don't fit its shape", from->count);
    return reshaped(fold, from, from->type, (uint32_t)shape->count, dims, node->outputs[0], out);
}

/* Dimensions of 1 come and go; which ones they are matters to nobody who reads a vector. */
static int fold_squeeze(struct fold *fold, const struct onnx_node *node,
                        struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    const struct onnx_tensor *from = operands[0];
    size_t dims[ONNX_RANK_MAX];
    uint32_t rank = 0;

    for (uint32_t i = 0; i < from->rank; i++) {
        if (from->dims[i] != 1)
            dims[rank++] = from->dims[i];
    }
    if (rank > 1)
        return onnx_node_refuse(node, fold->error, "%s of a matrix isn't supported", node->op);
    return reshaped(fold, from, from->type, rank, dims, node->outputs[0], out);
}

static double compute(char operation, double a, double b)
{
    switch (operation) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '/':
        return a / b;
    case 's':
        return sqrt(a);
    case 'r':
        return 1 / a;
    default:
        return -a;
    }
}

/* Of one operand, or of two of the same shape or with one number on either side. */
static int fold_arithmetic(struct fold *fold, const struct onnx_node *node,
                           struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    static const struct {
        const char *op;
        char operation;
    } operations[] = {{"Add", '+'}, {"Sub", '-'},  {"Mul", '*'},       {"Div", '/'},
                      {"Neg", 'n'}, {"Sqrt", 's'}, {"Reciprocal", 'r'}};
    const struct onnx_tensor *a = operands[0];
    const struct onnx_tensor *b = operands[1] ? operands[1] : a;
    const struct onnx_tensor *shape = a->count >= b->count ? a : b;
    struct onnx_tensor *made = NULL;
    char operation = '+';

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        operation = strcmp(node->op, operations[i].op) == 0 ? operations[i].operation : operation;
    if (a->type != b->type || !a->reals)
        return onnx_node_refuse(node, fold->error, "%s of integers isn't supported", node->op);
    if (a->count != b->count && a->count != 1 && b->count != 1)
        return onnx_node_refuse(node, fold->error, "%s of %zu and %zu numbers isn't supported",
                                node->op, a->count, b->count);
    int err = onnx_tensor_allocate(&made, a->type, shape->rank, shape->dims, node->outputs[0],
                                   fold->error);
    for (size_t i = 0; !err && i < made->count; i++)
        err = set_number(
            made, i,
            compute(operation, a->reals[a->count == 1 ? 0 : i], b->reals[b->count == 1 ? 0 : i]),
            node->outputs[0], fold->error);
    if (err) {
        onnx_tensor_free(made);
        return err;
    }
    *out = made;
    return 0;
}

static int compute_node(struct fold *fold, const struct onnx_node *node,
                        struct onnx_tensor *const *operands, struct onnx_tensor **out)
{
    fold->elements += operands[0]->count + (operands[1] ? operands[1]->count : 0);
    if (fold->elements > ELEMENTS_MAX)
        return onnx_node_refuse(node, fold->error, "constants take more than %d numbers to compute",
                                ELEMENTS_MAX);
    if (strcmp(node->op, "Identity") == 0)
        return fold_identity(fold, node, operands, out);
    if (strcmp(node->op, "Cast") == 0)
        return fold_cast(fold, node, operands, out);
    if (strcmp(node->op, "Transpose") == 0)
        return fold_transpose(fold, node, operands, out);
    if (strcmp(node->op, "Reshape") == 0)
        return fold_reshape(fold, node, operands, out);
    if (strcmp(node->op, "Squeeze") == 0 || strcmp(node->op, "Unsqueeze") == 0)
        return fold_squeeze(fold, node, operands, out);
    return fold_arithmetic(fold, node, operands, out);
}

static int read_constant(struct fold *fold, const struct onnx_constant *constant, int depth,
                         struct onnx_tensor **out)
{
    struct onnx_tensor *operands[OPERANDS_MAX] = {NULL};
    const Onnx__NodeProto *proto = constant->node;
    int err = 0;

    if (constant->tensor)
        return onnx_tensor_new(out, constant->tensor, constant->name, fold->error);
    struct onnx_node node = {
        .name = onnx_string(proto->name),
        .op = proto->op_type,
        .domain = "",
        .outputs = (const char *const *)proto->output,
        .attributes = proto,
    };
    if (depth == DEPTH_MAX)
        return onnx_node_refuse(&node, fold->error,
                                "a constant is computed by more than %d nodes in a row", DEPTH_MAX);
    for (size_t i = 0; !err && i < proto->n_input; i++)
        err = read_constant(fold, onnx_constant_find(fold->onnx->private, proto->input[i]),
                            depth + 1, &operands[i]);
    if (!err && operands[0])
        err = compute_node(fold, &node, operands, out);
    for (size_t i = 0; i < OPERANDS_MAX; i++)
        onnx_tensor_free(operands[i]);
    return err;
}

int onnx_constant_read(struct onnx_tensor **out, const struct onnx *onnx,
                       const struct onnx_constant *constant, struct error *error)
{
    struct fold fold = {.onnx = onnx, .error = error};

    return read_constant(&fold, constant, 0, out);
}
