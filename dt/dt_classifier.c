// SPDX-License-Identifier: BSD-2-Clause
#include "dt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_reference.h"
#include "dt_variant.h"

/* The fastest last, by `afxdp-bench classify`. */
static const struct dt_variant *const variants[] = {
    &dt_variant_reference,
    &dt_variant_interleaved,
#ifdef __x86_64__
    &dt_variant_vbmi,
#endif
};

enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

struct dt_classifier {
    struct classifier base;
    struct dt_model *model;
    const struct dt_variant *variant;
    void *plan;
};

struct reference_plan {
    const struct dt_model *model;
};

static int reference_prepare(void **plan, const struct dt_model *model)
{
    struct reference_plan *reference = malloc(sizeof(*reference));

    if (!reference)
        return -ENOMEM;
    reference->model = model;
    *plan = reference;
    return 0;
}

ALWAYS_INLINE void classify(const void *plan, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t width)
{
    const struct dt_model *model = ((const struct reference_plan *)plan)->model;

    for (size_t i = 0; i < count; i++)
        verdicts[i] = dt_classify_one(&model->shape, model->nodes, DT_NO_MASK, model->scores,
                                      DT_NO_MASK, features + i * width, width);
}

DT_VARIANT(dt_variant_reference, "reference", 0, reference_prepare, free);

struct verdict dt_leaf_verdict(const struct dt_model *model, uint32_t row)
{
    const int32_t *scores = model->scores + (size_t)row * model->shape.class_count;

    return verdict_of_scores(scores, model->shape.class_count, &model->shape.confidence);
}

static void dt_classifier_destroy(struct classifier *base)
{
    struct dt_classifier *classifier = (struct dt_classifier *)base;

    if (!classifier)
        return;
    classifier->variant->release(classifier->plan);
    dt_model_free(classifier->model);
    free(classifier);
}

static struct dt_model *model_copy(const struct dt_model *model)
{
    struct dt_model *copy =
        dt_model_allocate(model->node_count, model->row_count, model->shape.class_count);

    if (!copy)
        return NULL;
    copy->shape = model->shape;
    memcpy(copy->nodes, model->nodes, model->node_count * sizeof(*model->nodes));
    memcpy(copy->scores, model->scores,
           (size_t)model->row_count * model->shape.class_count * sizeof(*model->scores));
    return copy;
}

size_t dt_variant_count(void)
{
    return VARIANTS;
}

const char *dt_variant_name(size_t variant)
{
    return variants[variant]->name;
}

bool dt_variant_offered(size_t variant, uint32_t levels)
{
    return (variants[variant]->levels & ~levels) == 0;
}

int dt_variant_new(struct classifier **out, size_t variant, const struct dt_model *model,
                   struct error *error)
{
    const struct dt_variant *chosen = variants[variant];
    struct dt_classifier *classifier = calloc(1, sizeof(*classifier));
    int err = -ENOMEM;

    if (classifier) {
        classifier->variant = chosen;
        classifier->model = model_copy(model);
    }
    if (classifier && classifier->model)
        err = chosen->prepare(&classifier->plan, classifier->model);
    if (err) {
        if (classifier)
            dt_classifier_destroy(&classifier->base);
        return error_set(error, err, "%s: no memory for %u trees of %u nodes", chosen->name,
                         model->shape.tree_count, model->node_count);
    }
    classifier->base = (struct classifier){
        .classify =
            model->shape.feature_set == FEATURE_SET_2 ? chosen->classify_2 : chosen->classify_1,
        .model = classifier->plan,
        .feature_set = model->shape.feature_set,
        .kind = "dt",
        .variant = chosen->name,
        .destroy = dt_classifier_destroy,
    };
    *out = &classifier->base;
    return 0;
}

int dt_classifier_new(struct classifier **out, const struct q8 *file, uint32_t levels,
                      struct error *error)
{
    struct dt_model *model = NULL;
    struct classifier *fastest = NULL;
    int err = dt_model_load(&model, file, error);

    for (size_t i = 0; i < VARIANTS && !err; i++) {
        struct classifier *classifier = NULL;

        if (!dt_variant_offered(i, levels))
            continue;
        err = dt_variant_new(&classifier, i, model, error);
        if (!err)
            err = q8_check_golden(file, classifier, error);
        if (classifier) {
            dt_classifier_destroy(fastest);
            fastest = classifier;
        }
    }
    dt_model_free(model);
    if (err) {
        dt_classifier_destroy(fastest);
        return err;
    }
    *out = fastest;
    return 0;
}
