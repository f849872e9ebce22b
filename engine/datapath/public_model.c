// SPDX-License-Identifier: BSD-2-Clause
/* The public header's models: what struct model is, under another name. */
#include "public_model.h"

#include "flow_features.h"
#include "public_error.h"

_Static_assert(sizeof(struct afxdp_verdict) == sizeof(struct verdict) &&
                   offsetof(struct afxdp_verdict, confidence) ==
                       offsetof(struct verdict, confidence),
               "verdicts are handed on as they are");
_Static_assert((int)AFXDP_FEATURES_MAX == (int)FEATURES_MAX, "rows are as wide");

static const struct model *of(const struct afxdp_model *model)
{
    return (const struct model *)model;
}

const struct afxdp_model *public_model(const struct model *model)
{
    return (const struct afxdp_model *)model;
}

int afxdp_model_open(struct afxdp_model **out, const char *name, struct afxdp_error *error)
{
    struct model *model = NULL;
    struct error said;
    int status = model_open(&model, name, &said);

    if (status == 0)
        *out = (struct afxdp_model *)model;
    return public_error(error, status, &said);
}

void afxdp_model_close(struct afxdp_model *model)
{
    model_close((struct model *)model);
}

void afxdp_model_describe(const struct afxdp_model *model, struct afxdp_model_info *info)
{
    const struct model *m = of(model);

    *info = (struct afxdp_model_info){
        .path = m->path,
        .kind = m->classifier->kind,
        .variant = m->classifier->variant,
        .checksum = m->file->checksum,
        .feature_count = feature_count(m->classifier->feature_set),
        .class_count = m->file->class_count,
    };
}

const char *afxdp_model_class(const struct afxdp_model *model, uint32_t index)
{
    const struct q8 *file = of(model)->file;

    return index < file->class_count ? file->classes[index].name : NULL;
}

const char *afxdp_feature_name(uint32_t index)
{
    static const char *const names[] = FEATURE_NAMES;

    return index < FEATURES_MAX ? names[index] : NULL;
}

void afxdp_model_classify(const struct afxdp_model *model, const uint32_t *features, size_t count,
                          struct afxdp_verdict *verdicts)
{
    const struct classifier *classifier = of(model)->classifier;

    classifier->classify(classifier->model, features, count, (struct verdict *)verdicts);
}
