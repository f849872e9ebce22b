// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "nn.h"

static void destroy(struct classifier *classifier)
{
    if (classifier)
        classifier->destroy(classifier);
}

int nn_classifier_new(struct classifier **out, const struct q8 *file, uint32_t cpu_levels,
                      struct error *error)
{
    struct classifier *best = NULL;
    struct nn_model *model = NULL;
    int err = nn_model_load(&model, file, error);

    for (size_t i = 0; i < nn_variant_count() && !err; i++) {
        struct classifier *next = NULL;

        if (!nn_variant_offered(i, cpu_levels))
            continue;
        err = nn_variant_new(&next, i, model, error);
        if (!err)
            err = q8_check_golden(file, next, error);
        destroy(err ? next : best);
        if (!err)
            best = next;
    }
    free(model);
    if (err) {
        destroy(best);
        return err;
    }
    *out = best;
    return 0;
}
