// SPDX-License-Identifier: BSD-2-Clause
#include "dt_classifier.h"

#include <errno.h>
#include <stdlib.h>

#include "dt_load.h"
#include "dt_reference.h"
#include "dt_variant.h"

/* Fastest first, by `afxdp-bench classify`. */
static const struct dt_variant *const variants[] = {
    &dt_variant_interleaved,
    &dt_variant_reference,
};

enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

struct dt_classifier {
    struct classifier base;
    struct dt_model *model;
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

static void reference_classify(const void *plan, const struct features *features, size_t count,
                               struct verdict *verdicts)
{
    const struct dt_model *model = ((const struct reference_plan *)plan)->model;

    for (size_t i = 0; i < count; i++)
        verdicts[i] = dt_classify_one(&model->shape, model->nodes, DT_NO_MASK, model->scores,
                                      DT_NO_MASK, &features[i]);
}

const struct dt_variant dt_variant_reference = {
    .name = "reference",
    .prepare = reference_prepare,
    .classify = reference_classify,
};

struct verdict dt_leaf_verdict(const struct dt_model *model, uint32_t row)
{
    return dt_verdict_of(&model->shape, model->scores + (size_t)row * model->shape.class_count);
}

static void dt_classifier_destroy(struct classifier *base)
{
    struct dt_classifier *classifier = (struct dt_classifier *)base;

    if (!classifier)
        return;
    free(classifier->plan);
    dt_model_free(classifier->model);
    free(classifier);
}

/* -ENOTSUP without words where the variant doesn't suit. */
static int make(struct classifier **out, const struct q8 *file, const struct dt_variant *variant,
                struct error *error)
{
    struct dt_classifier *classifier = calloc(1, sizeof(*classifier));
    int err;

    if (!classifier)
        return error_set(error, -ENOMEM, "no memory for a classifier");
    err = dt_model_load(&classifier->model, file, error);
    if (err)
        goto fail;
    err = variant->prepare(&classifier->plan, classifier->model);
    if (err == -ENOMEM)
        error_set(error, err, "no memory for %s trees", variant->name);
    if (err)
        goto fail;
    classifier->base = (struct classifier){
        .classify = variant->classify,
        .model = classifier->plan,
        .kind = "dt",
        .variant = variant->name,
        .destroy = dt_classifier_destroy,
    };
    *out = &classifier->base;
    return 0;
fail:
    dt_classifier_destroy(&classifier->base);
    return err;
}

int dt_classifier_variant(struct classifier **out, const struct q8 *file, uint32_t levels,
                          uint32_t number, struct error *error)
{
    for (int i = 0; i < VARIANTS; i++) {
        struct classifier *classifier = NULL;
        int err = -ENOTSUP;

        if ((variants[i]->levels & ~levels) == 0)
            err = make(&classifier, file, variants[i], error);
        if (err == -ENOTSUP)
            continue;
        if (err)
            return err;
        if (number == 0) {
            *out = classifier;
            return 0;
        }
        classifier->destroy(classifier);
        number--;
    }
    return -ENOENT;
}

int dt_classifier_new(struct classifier **out, const struct q8 *file, uint32_t levels,
                      struct error *error)
{
    struct classifier *fastest = NULL;
    int err = 0;

    for (int i = 0; i < VARIANTS && !err; i++) {
        struct classifier *classifier = NULL;

        if ((variants[i]->levels & ~levels) != 0)
            continue;
        err = make(&classifier, file, variants[i], error);
        if (err == -ENOTSUP) {
            err = 0;
            continue;
        }
        if (err)
            break;
        err = q8_check_golden(file, classifier, error);
        if (fastest || err)
            classifier->destroy(classifier);
        else
            fastest = classifier;
    }
    if (err) {
        dt_classifier_destroy(fastest);
        return err;
    }
    *out = fastest;
    return 0;
}
