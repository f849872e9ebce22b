// SPDX-License-Identifier: BSD-2-Clause
#include "nn_variant.h"

#include <errno.h>
#include <stdlib.h>

#include "nn.h"

static const struct nn_variant *const variants[] = {
    &nn_scalar,
#if defined(__x86_64__)
    &nn_avx2,
    &nn_avx512vnni,
    &nn_avx512vbmi,
#elif defined(__aarch64__)
    &nn_neon,
#endif
};

size_t nn_variant_count(void)
{
    return sizeof(variants) / sizeof(variants[0]);
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
        .classify = model->feature_set == FEATURE_SET_2 ? variants[variant]->classify_2
                                                        : variants[variant]->classify_1,
        .model = prepared,
        .feature_set = model->feature_set,
        .kind = "nn",
        .variant = variants[variant]->name,
        .destroy = destroy,
    };
    *out = classifier;
    return 0;
}
