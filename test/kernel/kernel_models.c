// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_models.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "dt.h"
#include "dt_kernel.h"
#include "nn.h"
#include "nn_kernel.h"
#include "random_models.h"

static void die(const char *what, const struct error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->text);
    abort();
}

static int open_nn(struct path_program **out, const struct kernel_model *model, uint32_t form,
                   struct error *error)
{
    return nn_kernel_new(out, (enum nn_form)form, model->model, error);
}

static int open_dt(struct path_program **out, const struct kernel_model *model, uint32_t form,
                   struct error *error)
{
    (void)form;
    return dt_kernel_new(out, model->model, error);
}

static void take_nn(struct kernel_model *model, struct nn_model *network)
{
    struct error error;

    if (nn_variant_new(&model->classifier, 0, network, &error))
        die("nn_variant_new", &error);
    model->model = network;
    model->open = open_nn;
    model->forms = NN_FORMS;
    model->class_count = network->class_count;
}

static void take_dt(struct kernel_model *model, struct dt_model *forest)
{
    struct error error;

    if (dt_variant_new(&model->classifier, 0, forest, &error))
        die("dt_variant_new", &error);
    model->model = forest;
    model->open = open_dt;
    model->forms = 1;
    model->class_count = forest->shape.class_count;
}

/* A network of these layers, or, where it has none, trees. */
struct kind {
    const char *name;
    uint32_t feature_set;
    uint32_t layers;
    uint32_t widths[NN_LAYERS_MAX];
    uint32_t trees;
    uint32_t depth;
    uint32_t classes;
};

void kernel_model_make(struct kernel_model *model, uint32_t which, uint64_t seed)
{
    static const struct kind kinds[KERNEL_MODELS] = {
        {"nn 12-16-16-2", FEATURE_SET_1, 3, {16, 16, 2}, 0, 0, 0},
        {"nn 12-32-32-5", FEATURE_SET_1, 3, {32, 32, 5}, 0, 0, 0},
        {"nn 12-64-7-33-64-9", FEATURE_SET_1, 5, {64, 7, 33, 64, 9}, 0, 0, 0},
        {"nn 28-32-32-5", FEATURE_SET_2, 3, {32, 32, 5}, 0, 0, 0},
        {"nn 28-64-64-5", FEATURE_SET_2, 3, {64, 64, 5}, 0, 0, 0},
        {"dt depth 10", FEATURE_SET_1, 0, {0}, 1, 10, 5},
        {"dt depth 16", FEATURE_SET_1, 0, {0}, 1, 16, 2},
        {"forest 20", FEATURE_SET_1, 0, {0}, 20, 16, 5},
        {"dt of 28 depth 12", FEATURE_SET_2, 0, {0}, 1, 12, 5},
        {"forest of 28 20", FEATURE_SET_2, 0, {0}, 20, 14, 5},
    };
    const struct kind *kind = &kinds[which];

    memset(model, 0, sizeof(*model));
    model->name = kind->name;
    if (kind->layers > 0)
        take_nn(model, random_network(seed, kind->feature_set, kind->layers, kind->widths));
    else
        take_dt(model,
                random_forest(seed, kind->feature_set, kind->trees, kind->depth, kind->classes));
}

bool kernel_model_read(struct kernel_model *model, const char *path)
{
    struct nn_model *network;
    struct dt_model *forest;
    struct error error;
    struct q8 *file;

    memset(model, 0, sizeof(*model));
    if (access(path, F_OK) != 0)
        return false;
    if (q8_read(&file, path, &error) != 0)
        die("q8_read", &error);
    model->name = path;
    if (file->kind == Q8_NN && nn_model_load(&network, file, &error) == 0)
        take_nn(model, network);
    else if (file->kind == Q8_DT && dt_model_load(&forest, file, &error) == 0)
        take_dt(model, forest);
    else
        die(path, &error);
    q8_free(file);
    return true;
}

void kernel_model_free(struct kernel_model *model)
{
    model->classifier->destroy(model->classifier);
    if (model->open == open_nn)
        free((void *)model->model);
    else
        dt_model_free((struct dt_model *)model->model);
}

void kernel_need_root(void)
{
    if (geteuid() == 0)
        return;
    fprintf(stderr, "skipped: loading XDP programs needs root\n");
    exit(77);
}

void kernel_need_stamps(void)
{
    if (!xdp_kernel_before(5, 15))
        return;
    fprintf(stderr, "skipped: before kernel 5.15 BPF_PROG_TEST_RUN hands an XDP program no "
                    "metadata, and so no time stamps\n");
    exit(77);
}

uint64_t kernel_seed(void)
{
    const char *text = getenv("AFXDP_SEED");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)now.tv_sec ^ (uint64_t)now.tv_nsec;
    printf("AFXDP_SEED=%" PRIu64 "\n", seed);
    return seed;
}

uint32_t kernel_stay_on_cpu(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        perror("sched_setaffinity");
        abort();
    }
    return (uint32_t)cpu;
}
