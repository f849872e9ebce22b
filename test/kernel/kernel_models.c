// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_models.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static void make_nn(struct kernel_model *model, uint64_t seed, uint32_t layers,
                    const uint32_t *widths)
{
    struct nn_model *network = random_network(seed, layers, widths);
    struct error error;

    if (nn_variant_new(&model->classifier, 0, network, &error))
        die("nn_variant_new", &error);
    model->model = network;
    model->open = open_nn;
    model->forms = NN_FORMS;
    model->class_count = network->class_count;
}

static void make_dt(struct kernel_model *model, uint64_t seed, uint32_t trees, uint32_t depth,
                    uint32_t classes)
{
    struct dt_model *forest = random_forest(seed, trees, depth, classes);
    struct error error;

    if (dt_variant_new(&model->classifier, 0, forest, &error))
        die("dt_variant_new", &error);
    model->model = forest;
    model->open = open_dt;
    model->forms = 1;
    model->class_count = classes;
}

void kernel_model_make(struct kernel_model *model, uint32_t which, uint64_t seed)
{
    static const char *const names[KERNEL_MODELS] = {"nn 12-16-16-2",      "nn 12-32-32-5",
                                                     "nn 12-64-7-33-64-9", "dt depth 10",
                                                     "dt depth 16",        "forest 20"};
    static const uint32_t small[] = {16, 16, 2};
    static const uint32_t shipped[] = {32, 32, 5};
    static const uint32_t odd[] = {64, 7, 33, 64, 9};

    memset(model, 0, sizeof(*model));
    model->name = names[which];
    switch (which) {
    case 0:
        make_nn(model, seed, 3, small);
        break;
    case 1:
        make_nn(model, seed, 3, shipped);
        break;
    case 2:
        make_nn(model, seed, 5, odd);
        break;
    case 3:
        make_dt(model, seed, 1, 10, 5);
        break;
    case 4:
        make_dt(model, seed, 1, 16, 2);
        break;
    default:
        make_dt(model, seed, 20, 16, 5);
    }
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
