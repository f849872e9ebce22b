// SPDX-License-Identifier: BSD-2-Clause
#include "model_open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu.h"
#include "dt.h"
#include "nn.h"

/* Where the models are that came with this program: of the source tree for one that lies where it
 * was built, else beside an installed one, wherever that was moved. */
static void shipped_folder(char *folder, size_t size)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

    program[length > 0 ? length : 0] = '\0';
    snprintf(folder, size, "%s",
             strncmp(program, AFXDP_BUILD "/", strlen(AFXDP_BUILD "/")) == 0
                 ? AFXDP_MODELS
                 : AFXDP_INSTALLED_MODELS);
    char *end = strrchr(program, '/');
    char beside[PATH_MAX];
    char moved[PATH_MAX];
    if (!end)
        return;
    *end = '\0';
    snprintf(beside, sizeof(beside), "%.4000s/../share/afxdp-engine/models", program);
    if (realpath(beside, moved) && strlen(moved) < size)
        memcpy(folder, moved, strlen(moved) + 1);
}

static bool are_one_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A name with a slash as it stands; else the shipped model of that name, else the file here. Where
 * there are both, nobody can know which one is meant. */
static int find(char *path, size_t size, const char *name, struct error *error)
{
    char folder[512];
    char shipped[640];

    if (strlen(name) >= size)
        return error_set(error, -ENAMETOOLONG, "cannot open model %.60s...: the name is too long",
                         name);
    snprintf(path, size, "%s", name);
    if (strchr(name, '/'))
        return 0;
    shipped_folder(folder, sizeof(folder));
    bool is_shipped = snprintf(shipped, sizeof(shipped), "%s/%s", folder, name) < (int)size &&
                      access(shipped, F_OK) == 0;
    bool is_here = access(name, F_OK) == 0;
    if (is_shipped && is_here && !are_one_file(shipped, name))
        return error_set(error, -EINVAL,
                         "model %s: there is one here and one in %s: say ./%s, or that path", name,
                         folder, name);
    if (is_shipped)
        snprintf(path, size, "%.*s", (int)size - 1, shipped);
    if (is_shipped || is_here)
        return 0;
    return error_set(error, -ENOENT,
                     "cannot open model %s: there is none here nor in %s (try --model none)", name,
                     folder);
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

void model_close(struct model *model)
{
    if (!model)
        return;
    if (model->classifier)
        model->classifier->destroy(model->classifier);
    q8_free(model->file);
    free(model);
}
