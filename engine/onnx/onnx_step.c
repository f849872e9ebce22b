// SPDX-License-Identifier: BSD-2-Clause
#include "onnx_step.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* What taking a node needs. */
struct taking {
    struct onnx_steps *steps;
    const struct onnx *onnx;
    const struct onnx_node *node;
    size_t other; /* which input is the constant of two */
    uint32_t columns;
    struct error *error;
};

static int add_step(struct taking *taking, enum onnx_step_kind kind, struct onnx_step **out)
{
    struct onnx_steps *steps = taking->steps;

    if (steps->count == ONNX_STEPS_MAX)
        return onnx_node_refuse(taking->node, taking->error, "more than %d steps of scaling",
                                ONNX_STEPS_MAX);
    *out = &steps->step[steps->count++];
    **out = (struct onnx_step){.kind = kind, .single = steps->single};
    return 0;
}

int onnx_columns_read(double *out, const struct onnx *onnx, const struct onnx_node *node,
                      const char *name, const char *what, uint32_t columns, struct error *error)
{
    struct onnx_tensor *tensor = NULL;
    int err = onnx_tensor_read(&tensor, onnx, name, error);

    if (err == -ENOENT)
        return onnx_node_refuse(node, error, "its %s '%s' isn't an initialiser", what, name);
    if (err)
        return err;
    bool is_row = tensor->count == columns &&
                  (tensor->rank == 1 || (tensor->rank == 2 && tensor->dims[0] == 1));
    if (!tensor->reals || (!is_row && tensor->count != 1))
        err = onnx_node_refuse(node, error, "its %s isn't a float vector of %u", what, columns);
    for (uint32_t i = 0; !err && i < columns; i++)
        out[i] = tensor->reals[is_row ? i : 0];
    onnx_tensor_free(tensor);
    return err;
}

static int take_arithmetic(struct taking *taking)
{
    const struct onnx_node *node = taking->node;
    bool constant_first = taking->other == 0;
    enum onnx_step_kind kind;
    struct onnx_step *step = NULL;

    if (strcmp(node->op, "Add") == 0)
        kind = ONNX_STEP_ADD;
    else if (strcmp(node->op, "Mul") == 0)
        kind = ONNX_STEP_MULTIPLY;
    else if (strcmp(node->op, "Sub") == 0)
        kind = constant_first ? ONNX_STEP_SUBTRACT_FROM : ONNX_STEP_SUBTRACT;
    else if (!constant_first)
        kind = ONNX_STEP_DIVIDE;
    else
        return onnx_node_refuse(node, taking->error, "a division by the input isn't supported");
    int err = add_step(taking, kind, &step);
    if (!err)
        err = onnx_columns_read(step->a, taking->onnx, node, node->inputs[taking->other],
                                "constant", taking->columns, taking->error);
    for (uint32_t i = 0; !err && kind == ONNX_STEP_DIVIDE && i < taking->columns; i++) {
        if (step->a[i] == 0)
            err = onnx_node_refuse(node, taking->error, "it divides column %u by 0", i);
    }
    return err;
}

/* ai.onnx.ml: (x - offset) * scale, one number for all columns or one each. */
static int take_scaler(struct taking *taking)
{
    static const char *const known[] = {"offset", "scale", NULL};
    static const enum onnx_step_kind kinds[] = {ONNX_STEP_SUBTRACT, ONNX_STEP_MULTIPLY};
    int err = onnx_check_attributes(taking->node, known, taking->error);

    taking->steps->single = true; /* its output is float32 for any input */
    for (size_t part = 0; !err && part < 2; part++) {
        struct onnx_step *step = NULL;
        const float *values;
        size_t count;

        err = onnx_attribute_floats(taking->node, known[part], &values, &count, taking->error);
        if (err || count == 0)
            continue;
        if (count != 1 && count != taking->columns)
            return onnx_node_refuse(taking->node, taking->error,
                                    "%zu entries of '%s' for %u columns", count, known[part],
                                    taking->columns);
        err = add_step(taking, kinds[part], &step);
        for (uint32_t i = 0; !err && i < taking->columns; i++) {
            step->a[i] = (double)values[count == 1 ? 0 : i];
            if (!isfinite(step->a[i]))
                err = onnx_node_refuse(taking->node, taking->error, "'%s' %u isn't finite",
                                       known[part], i);
        }
    }
    return err;
}

static int take_batch_normalisation(struct taking *taking)
{
    static const char *const known[] = {"epsilon",         "momentum", "spatial", "training_mode",
                                        "consumed_inputs", "is_test",  NULL};
    static const char *const names[] = {"scale", "bias", "mean", "variance"};
    const struct onnx_node *node = taking->node;
    double numbers[4][ONNX_COLUMNS_MAX];
    int64_t training = 0;
    float epsilon = 1e-5F;
    struct onnx_step *step = NULL;

    if (node->input_count != 5)
        return onnx_node_refuse(node, taking->error, "BatchNormalization with %zu inputs",
                                node->input_count);
    int err = onnx_check_attributes(node, known, taking->error);
    if (!err)
        err = onnx_attribute_float(node, "epsilon", &epsilon, taking->error);
    if (!err)
        err = onnx_attribute_int(node, "training_mode", &training, taking->error);
    if (!err && training)
        err = onnx_node_refuse(node, taking->error, "it is in training mode; export with eval()");
    for (int i = 0; !err && i < 4; i++)
        err = onnx_columns_read(numbers[i], taking->onnx, node, node->inputs[i + 1], names[i],
                                taking->columns, taking->error);
    if (!err)
        err = add_step(taking, ONNX_STEP_AFFINE, &step);
    for (uint32_t i = 0; !err && i < taking->columns; i++) {
        step->a[i] = numbers[0][i] / sqrt(numbers[3][i] + (double)epsilon);
        step->b[i] = numbers[1][i] - numbers[2][i] * step->a[i];
        if (!isfinite(step->a[i]) || !isfinite(step->b[i]))
            err = onnx_node_refuse(node, taking->error, "column %u has no variance", i);
    }
    return err;
}

static int take_cast(struct taking *taking)
{
    enum { FLOAT = 1, INT64 = 7, DOUBLE = 11 }; /* of onnx.proto's TensorProto */
    const struct onnx_node *node = taking->node;
    struct onnx_step *step = NULL;
    int64_t to = 0;
    int err = onnx_attribute_int(node, "to", &to, taking->error);

    if (err)
        return err;
    if (to != FLOAT && to != DOUBLE && (to != INT64 || taking->steps->count > 1))
        return onnx_node_refuse(node, taking->error, "a cast to data type %lld isn't supported",
                                (long long)to);
    taking->steps->single = to == FLOAT;
    return to == FLOAT ? add_step(taking, ONNX_STEP_ROUND, &step) : 0;
}

static int take_clip(struct taking *taking)
{
    const struct onnx_node *node = taking->node;
    struct onnx_step *step = NULL;
    double ends[2] = {-INFINITY, INFINITY};
    float least = -INFINITY, most = INFINITY;
    int err = onnx_attribute_float(node, "min", &least, taking->error);

    if (!err)
        err = onnx_attribute_float(node, "max", &most, taking->error);
    ends[0] = (double)least;
    ends[1] = (double)most;
    for (size_t i = 1; !err && i < node->input_count && i < 3; i++) {
        if (node->inputs[i][0] != '\0')
            err = onnx_columns_read(&ends[i - 1], taking->onnx, node, node->inputs[i], "bound", 1,
                                    taking->error);
    }
    if (!err && !(ends[0] <= ends[1]))
        err = onnx_node_refuse(node, taking->error, "its bounds are %g and %g", ends[0], ends[1]);
    if (!err)
        err = add_step(taking, ONNX_STEP_CLIP, &step);
    for (uint32_t i = 0; !err && i < taking->columns; i++) {
        step->a[i] = ends[0];
        step->b[i] = ends[1];
    }
    return err;
}

static int take_log(struct taking *taking)
{
    struct onnx_step *step = NULL;

    return add_step(taking, ONNX_STEP_LOG, &step);
}

static int take_sqrt(struct taking *taking)
{
    struct onnx_step *step = NULL;

    return add_step(taking, ONNX_STEP_SQRT, &step);
}

/* In inference, and on a value of shape [N, columns], these change nothing. */
static int take_nothing(struct taking *taking)
{
    const struct onnx_node *node = taking->node;
    int64_t axis = 1;

    if (strcmp(node->op, "Flatten") == 0) {
        int err = onnx_attribute_int(node, "axis", &axis, taking->error);

        if (!err && axis != 1 && axis != -1)
            err = onnx_node_refuse(node, taking->error, "axis %lld isn't the columns'",
                                   (long long)axis);
        return err;
    }
    if (node->input_count > 2 && node->inputs[2][0] != '\0')
        return onnx_node_refuse(node, taking->error, "it may train; export with eval()");
    return 0;
}

int onnx_steps_take(struct onnx_steps *steps, const struct onnx *onnx, const struct onnx_node *node,
                    const char *value, uint32_t columns, struct error *error)
{
    static const struct {
        const char *domain;
        const char *op;
        bool two; /* inputs, one of them constant, on either side */
        int (*take)(struct taking *taking);
    } operators[] = {
        {"", "Add", true, take_arithmetic},
        {"", "Sub", true, take_arithmetic},
        {"", "Mul", true, take_arithmetic},
        {"", "Div", true, take_arithmetic},
        {"ai.onnx.ml", "Scaler", false, take_scaler},
        {"", "BatchNormalization", false, take_batch_normalisation},
        {"", "Cast", false, take_cast},
        {"", "Clip", false, take_clip},
        {"", "Log", false, take_log},
        {"", "Sqrt", false, take_sqrt},
        {"", "Identity", false, take_nothing},
        {"", "Dropout", false, take_nothing},
        {"", "Flatten", false, take_nothing},
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(node->domain, operators[i].domain) != 0 ||
            strcmp(node->op, operators[i].op) != 0)
            continue;
        if (node->input_count < 1 || (operators[i].two && node->input_count != 2))
            return onnx_node_refuse(node, error, "%s with %zu inputs", node->op, node->input_count);
        size_t at = operators[i].two && strcmp(node->inputs[1], value) == 0 ? 1 : 0;
        if (strcmp(node->inputs[at], value) != 0)
            return onnx_node_refuse(node, error, "it doesn't read '%s' first", value);
        struct taking taking = {steps, onnx, node, 1 - at, columns, error};
        int err = operators[i].take(&taking);
        return err ? err : 1;
    }
    return 0;
}

static double apply(const struct onnx_step *step, uint32_t column, double x)
{
    double a = step->a[column];

    switch (step->kind) {
    case ONNX_STEP_ADD:
        return x + a;
    case ONNX_STEP_SUBTRACT:
        return x - a;
    case ONNX_STEP_SUBTRACT_FROM:
        return a - x;
    case ONNX_STEP_MULTIPLY:
        return x * a;
    case ONNX_STEP_DIVIDE:
        return x / a;
    case ONNX_STEP_AFFINE:
        return x * a + step->b[column];
    case ONNX_STEP_CLIP:
        return x < a ? a : x > step->b[column] ? step->b[column] : x;
    case ONNX_STEP_LOG:
        return log(x);
    case ONNX_STEP_SQRT:
        return sqrt(x);
    default:
        return x;
    }
}

double onnx_steps_apply(const struct onnx_steps *steps, uint32_t column, double x)
{
    for (size_t i = 0; i < steps->count; i++) {
        x = apply(&steps->step[i], column, x);
        if (steps->step[i].single)
            x = (double)(float)x; /* of these operations the same as computing in float32 */
    }
    return x;
}

bool onnx_steps_affine(const struct onnx_steps *steps, uint32_t column, double *factor,
                       double *offset)
{
    *factor = 1;
    *offset = 0;
    for (size_t i = 0; i < steps->count; i++) {
        const struct onnx_step *step = &steps->step[i];

        if (step->kind >= ONNX_STEP_CLIP)
            return false;
        double zero = apply(step, column, 0);
        double slope = step->kind == ONNX_STEP_SUBTRACT_FROM ? -1
                       : step->kind == ONNX_STEP_DIVIDE      ? 1 / step->a[column]
                       : step->kind == ONNX_STEP_MULTIPLY || step->kind == ONNX_STEP_AFFINE
                           ? step->a[column]
                           : 1;
        *factor *= slope;
        *offset = *offset * slope + zero;
    }
    return true;
}

bool onnx_steps_exact(const struct onnx_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->step[i].kind == ONNX_STEP_AFFINE || steps->step[i].kind == ONNX_STEP_LOG)
            return false;
    }
    return true;
}
