// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nn.h"
#include "nn_variant.h"

static const struct nn_variant *const variants[] = {
    &nn_scalar,
};

enum {
    VARIANTS = sizeof(variants) / sizeof(variants[0]),
};

size_t nn_variant_count(void)
{
    return VARIANTS;
}

const char *nn_variant_name(size_t variant)
{
    return variants[variant]->name;
}

bool nn_variant_offered(size_t variant, uint32_t cpu_levels)
{
    return (variants[variant]->needs & ~cpu_levels) == 0;
}

static void destroy(struct classifier *classifier)
{
    if (!classifier)
        return;
    free((void *)classifier->model);
    free(classifier);
}

int nn_variant_new(struct classifier **out, size_t variant, const struct nn_model *model,
                   struct error *error)
{
    struct classifier *classifier = malloc(sizeof(*classifier));
    void *prepared = NULL;

    if (!classifier || variants[variant]->prepare(&prepared, model)) {
        free(classifier);
        return error_set(error, -ENOMEM, "no memory for a neural network");
    }
    *classifier = (struct classifier){
        .classify = variants[variant]->classify,
        .model = prepared,
        .kind = "nn",
        .variant = variants[variant]->name,
        .destroy = destroy,
    };
    *out = classifier;
    return 0;
}

int nn_classifier_new(struct classifier **out, const struct q8 *file, uint32_t cpu_levels,
                      struct error *error)
{
    struct classifier *best = NULL;
    struct nn_model *model = NULL;
    int err = nn_model_load(&model, file, error);

    for (size_t i = 0; i < VARIANTS && !err; i++) {
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
