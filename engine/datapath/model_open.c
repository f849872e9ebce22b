// SPDX-License-Identifier: BSD-2-Clause
#include "model_open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu.h"
#include "dt.h"
#include "nn.h"

/* The name as it stands, else the shipped model of that name: those of the source tree that this
 * was built from, those of the installation. */
static int find(char *path, size_t size, const char *name, struct error *error)
{
    static const char *const folders[] = {AFXDP_MODELS, AFXDP_INSTALLED_MODELS};

    if (snprintf(path, size, "%s", name) >= (int)size)
        return error_set(error, -ENAMETOOLONG, "cannot open model %.60s...: the name is too long",
                         name);
    if (access(path, F_OK) == 0 || strchr(name, '/'))
        return 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (snprintf(path, size, "%s/%s", folders[i], name) < (int)size && access(path, F_OK) == 0)
            return 0;
    }
    return error_set(error, -ENOENT,
                     "cannot open model %s: there is none here nor in %s (try --model none)", name,
                     AFXDP_MODELS);
}

static int make_classifier(struct model *model, struct error *error)
{
    switch (model->file->kind) {
    case Q8_NN:
        return nn_classifier_new(&model->classifier, model->file, cpu_levels(), error);
    case Q8_DT:
        return dt_classifier_new(&model->classifier, model->file, cpu_levels(), error);
    default:
        return error_set(error, -EINVAL, "unknown model kind %d", model->file->kind);
    }
}

int model_open(struct model **out, const char *name, struct error *error)
{
    struct model *model = calloc(1, sizeof(*model));

    if (!model)
        return error_set(error, -ENOMEM, "no memory for model %s", name);
    int err = find(model->path, sizeof(model->path), name, error);
    if (err)
        goto fail;
    err = q8_read(&model->file, model->path, error);
    if (err)
        goto fail; /* q8_read names the file */
    err = make_classifier(model, error);
    if (err) {
        error_prefix(error, err, "model %s", model->path);
        goto fail;
    }
    *out = model;
    return 0;
fail:
    model_close(model);
    return err;
}

int model_open_to_run(struct model **out, const char *name, struct error *error)
{
    struct model *model = NULL;
    int err = model_open(&model, name, error);

    if (!err && model->file->feature_set != FEATURE_SET_1) {
        err = error_set(error, -EINVAL,
                        "model %s: made for feature set %u, the datapaths compute set 1",
                        model->path, model->file->feature_set);
        model_close(model);
    }
    if (!err)
        *out = model;
    return err;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    if (model->classifier)
        model->classifier->destroy(model->classifier);
    q8_free(model->file);
    free(model);
}
