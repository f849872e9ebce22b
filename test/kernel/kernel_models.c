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
        take_nn(model, random_network(seed, 3, small));
        break;
    case 1:
        take_nn(model, random_network(seed, 3, shipped));
        break;
    case 2:
        take_nn(model, random_network(seed, 5, odd));
        break;
    case 3:
        take_dt(model, random_forest(seed, 1, 10, 5));
        break;
    case 4:
        take_dt(model, random_forest(seed, 1, 16, 2));
        break;
    default:
        take_dt(model, random_forest(seed, 20, 16, 5));
    }
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
