// SPDX-License-Identifier: BSD-2-Clause
/* A network that was trained in the engine's arithmetic, taken over number by number. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "nn_quantise.h"

/* `value` × 2^shift / divisor as an integer within ±most; named where it isn't one. Exact: the
 * product is, and so is the quotient where it is an integer. */
static int exact(int32_t *out, double value, uint32_t shift, int divisor, double most,
                 const struct nn_float_layer *layer, uint32_t o, struct error *error)
{
    double number = ldexp(value, (int)shift) / divisor;

    if (number != floor(number) || fabs(number) > most)
        return error_set(error, -EINVAL,
                         "layer '%s', output %u: %.9g isn't n * %d / 2^%u with an integer n within "
                         "+-%.0f, as afxdp.shifts says",
                         layer->name, o, value, divisor, shift, most);
    *out = (int32_t)number;
    return 0;
}

static int take_output(struct nn_layer *out, const struct nn_float_layer *layer, uint32_t o,
                       uint32_t shift, int input_scale, struct error *error)
{
    for (uint32_t i = 0; i < layer->inputs; i++) {
        int32_t weight = 0;
        int err = exact(&weight, layer->weight[o][i], shift, input_scale, 127, layer, o, error);

        if (err)
            return err;
        out->weight[o][i] = (int8_t)weight;
    }
    int err = exact(&out->bias[o], layer->bias[o], shift, 1, 0x1p30, layer, o, error);
    if (!err && shift > 0)
        out->bias[o] += INT32_C(1) << (shift - 1);
    out->shift[o] = (uint8_t)shift;
    return err;
}

static int take_layer(struct nn_layer *out, const struct nn_float_layer *layer, uint32_t l,
                      bool last, const json_t *shifts, struct error *error)
{
    out->inputs = layer->inputs;
    out->outputs = layer->outputs;
    if (!last && (!json_is_array(shifts) || json_array_size(shifts) != layer->outputs))
        return error_set(error, -EINVAL, "property afxdp.shifts: entry %u isn't an array of %u", l,
                         layer->outputs);
    for (uint32_t o = 0; o < layer->outputs; o++) {
        const json_t *entry = json_array_get(shifts, o);
        json_int_t shift = json_integer_value(entry);

        if (!last && (!json_is_integer(entry) || shift < 0 || shift > 30))
            return error_set(error, -EINVAL,
                             "property afxdp.shifts: entry %u, %u isn't an integer 0 to 30", l, o);
        int err = take_output(out, layer, o, last ? 0 : (uint32_t)shift,
                              l == 0 ? NN_ACTIVATION_MAX : 1, error);
        if (err)
            return err;
    }
    return 0;
}

int nn_quantise_exactly(struct nn_model *model, const struct nn_float *network, const char *text,
                        struct error *error)
{
    json_t *shifts = json_loads(text, 0, NULL);
    uint32_t last = network->layer_count - 1;
    int err = 0;

    if (!json_is_array(shifts) || json_array_size(shifts) != last)
        err = error_set(error, -EINVAL,
                        "property afxdp.shifts isn't a JSON array with one array for each of the "
                        "%u layers but the last",
                        last);
    model->layer_count = network->layer_count;
    model->class_count = network->layers[last].outputs;
    for (uint32_t l = 0; !err && l <= last; l++)
        err = take_layer(&model->layers[l], &network->layers[l], l, l == last,
                         json_array_get(shifts, l), error);
    json_decref(shifts);
    return err;
}
