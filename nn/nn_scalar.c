// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nn_reference.h"
#include "nn_variant.h"

static int prepare(void **out, const struct nn_model *model)
{
    struct nn_model *copy = malloc(sizeof(*copy));

    if (!copy)
        return -ENOMEM;
    *copy = *model;
    *out = copy;
    return 0;
}

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t inputs)
{
    for (size_t i = 0; i < count; i++)
        verdicts[i] = nn_classify(model, features + i * inputs, inputs);
}

NN_VARIANT(nn_scalar, "scalar", 0);
