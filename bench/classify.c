// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench classify: feature vectors in, verdicts out, nothing else. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu.h"
#include "features_csv.h"
#include "floor.h"
#include "shapes.h"
#include "subcommands.h"

enum {
    INPUTS = 4096, /* vectors, 200 kB: enough that no predictor learns them */
    PACKETS_PER_PASS = 16384,
    RUN_NS = 500000, /* that many passes make a run: reading the clock must not weigh */
};

static const char usage[] =
    "usage: afxdp-bench classify [--json | --csv] [--rounds N] [--cpu N]\n"
    "                            [--model FILE.q8] [--features FILE.csv]\n"
    "ns per packet of every variant that this CPU offers, in batches of 1, 8, 64 and 256;\n"
    "medians over N rounds (31), all cases interleaved. Without --model: networks 12-32-32-5 and\n"
    "12-16-16-2, a complete tree of depth 10 and a forest of ten, and the same on the 28 features\n"
    "of set 2. Without --features: inputs like those of traffic.\n";

struct classify_run {
    const struct classifier *classifier;
    const uint32_t *inputs; /* rows of the classifier's feature set */
    size_t width;
    size_t input_count; /* at least 256 */
    size_t batch;
    size_t passes;                                             /* 0: not known yet */
    struct verdict verdicts[256] __attribute__((aligned(64))); /* as a burst's are */
};

static void classify_pass(struct classify_run *run)
{
    size_t at = 0;

    for (size_t done = 0; done < PACKETS_PER_PASS; done += run->batch) {
        if (at + run->batch > run->input_count)
            at = 0;
        run->classifier->classify(run->classifier->model, run->inputs + at * run->width, run->batch,
                                  run->verdicts);
        at += run->batch;
    }
}

static uint64_t classify_run(void *context)
{
    struct classify_run *run = context;

    if (run->passes == 0) { /* the first run doesn't count */
        uint64_t start = bench_clock();

        classify_pass(run);
        run->passes = 1 + RUN_NS / (bench_clock() - start + 1);
    }
    for (size_t pass = 0; pass < run->passes; pass++)
        classify_pass(run);
    return run->passes * PACKETS_PER_PASS;
}

struct bench_set {
    struct bench_case cases[BENCH_CASES_MAX + FLOOR_PARTS]; /* behind the last: the floors' */
    struct floor floors[BENCH_CASES_MAX];
    size_t count;
    struct classifier *classifiers[BENCH_CASES_MAX / 4];
    size_t classifier_count;
    uint32_t *inputs[2]; /* of the feature sets; NULL: there are none of this set */
    size_t input_count;
};

static int add_cases(struct bench_set *set, const char *what, struct classifier *classifier,
                     const struct floor *floor)
{
    static const size_t batches[] = {1, 8, 64, 256};

    set->classifiers[set->classifier_count++] = classifier;
    for (size_t b = 0; b < sizeof(batches) / sizeof(batches[0]); b++) {
        struct classify_run *run = aligned_alloc(_Alignof(struct classify_run), sizeof(*run));
        struct bench_case *bench = &set->cases[set->count];

        if (!run)
            return -ENOMEM;
        *run = (struct classify_run){.classifier = classifier,
                                     .inputs = set->inputs[classifier->feature_set - 1],
                                     .width = feature_count(classifier->feature_set),
                                     .input_count = set->input_count,
                                     .batch = batches[b]};
        set->floors[set->count] = *floor;
        snprintf(bench->what, sizeof(bench->what), "%s", what);
        snprintf(bench->variant, sizeof(bench->variant), "%s", classifier->variant);
        snprintf(bench->size_name, sizeof(bench->size_name), "batch");
        snprintf(bench->size, sizeof(bench->size), "%zu", batches[b]);
        bench->run = classify_run;
        bench->context = run;
        set->count++;
    }
    return 0;
}

static int add_nn(struct bench_set *set, const char *what, const struct nn_model *model)
{
    struct floor floor;
    int err = 0;

    floor_of_nn(&floor, model);
    for (size_t variant = 0; variant < nn_variant_count() && !err; variant++) {
        struct classifier *classifier;

        if (!nn_variant_offered(variant, cpu_levels()))
            continue;
        err = nn_variant_new(&classifier, variant, model, NULL);
        if (!err)
            err = add_cases(set, what, classifier, &floor);
    }
    return err;
}

static int add_dt(struct bench_set *set, const char *what, const struct dt_model *model)
{
    struct floor floor;
    int err = 0;

    for (size_t variant = 0; variant < dt_variant_count() && !err; variant++) {
        struct classifier *classifier;

        if (!dt_variant_offered(variant, cpu_levels()))
            continue;
        err = dt_variant_new(&classifier, variant, model, NULL);
        if (err)
            break;
        if (strcmp(classifier->variant, "avx512vbmi") == 0)
            err = floor_of_dt_permutes(&floor, model);
        else
            floor_of_dt_loads(&floor, model);
        if (err)
            classifier->destroy(classifier);
        else
            err = add_cases(set, what, classifier, &floor);
    }
    return err;
}

/* The same shapes on the features of a set. */
static int add_shapes(struct bench_set *set, uint32_t feature_set)
{
    const uint32_t *inputs = set->inputs[feature_set - 1];
    struct nn_model *wide = shape_nn(feature_set, 3, (uint32_t[]){32, 32, 5});
    struct nn_model *reference = shape_nn(feature_set, 3, (uint32_t[]){16, 16, 2});
    struct dt_model *tree = shape_forest(feature_set, 1, 10, 5, inputs, set->input_count);
    struct dt_model *forest = shape_forest(feature_set, 10, 10, 5, inputs, set->input_count);
    bool first = feature_set == FEATURE_SET_1;
    int err = wide && reference && tree && forest ? 0 : -ENOMEM;

    if (!err)
        err = add_nn(set, first ? "nn 12-32-32-5" : "nn 28-32-32-5", wide);
    if (!err)
        err = add_nn(set, first ? "nn 12-16-16-2" : "nn 28-16-16-2", reference);
    if (!err)
        err = add_dt(set, first ? "dt depth 10" : "dt of 28 depth 10", tree);
    if (!err)
        err = add_dt(set, first ? "dt 10 x depth 10" : "dt of 28 10 x depth 10", forest);
    free(wide);
    free(reference);
    dt_model_free(tree);
    dt_model_free(forest);
    return err;
}

/* Those of the sets that there are inputs of. */
static int add_all_shapes(struct bench_set *set)
{
    int err = 0;

    for (uint32_t i = FEATURE_SET_1; i <= FEATURE_SET_2 && !err; i++) {
        if (set->inputs[i - 1])
            err = add_shapes(set, i);
    }
    return err;
}

static int add_model(struct bench_set *set, const char *name, struct error *error)
{
    struct q8 *file = NULL;
    int err = q8_read(&file, name, error);

    if (err)
        return err;
    if (!set->inputs[file->feature_set - 1]) {
        err = error_set(error, -EINVAL, "%s reads feature set %u, which the rows don't have", name,
                        file->feature_set);
    } else if (file->kind == Q8_NN) {
        struct nn_model *model = NULL;

        err = nn_model_load(&model, file, error);
        if (!err)
            err = add_nn(set, "nn", model);
        free(model);
    } else {
        struct dt_model *model = NULL;

        err = dt_model_load(&model, file, error);
        if (!err)
            err = add_dt(set, "dt", model);
        dt_model_free(model);
    }
    q8_free(file);
    return err;
}

static void set_free(struct bench_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->cases[i].context);
    for (size_t i = 0; i < set->classifier_count; i++)
        set->classifiers[i]->destroy(set->classifiers[i]);
    free(set->inputs[0]);
    free(set->inputs[1]);
    free(set);
}

/* Rows of a set out of a file's, or made ones where `table` is NULL. They begin where a cache line
 * does: else the network takes 2 % longer. */
static uint32_t *inputs_new(uint32_t feature_set, const struct features_table *table, size_t count)
{
    size_t width = feature_count(feature_set);
    size_t size = count * width * sizeof(uint32_t);
    uint32_t *inputs = aligned_alloc(64, (size + 63) / 64 * 64);

    if (!inputs)
        return NULL;
    if (!table)
        shape_features(inputs, feature_set, count);
    for (size_t i = 0; table && i < count; i++)
        memcpy(inputs + i * width, features_table_row(table, i), width * sizeof(*inputs));
    return inputs;
}

static int take_inputs(struct bench_set *set, const char *path, struct error *error)
{
    struct features_table *table = NULL;
    int err = path ? features_csv_read(&table, path, FEATURE_SET_ANY, error) : 0;

    if (err)
        return err;
    set->input_count = table ? table->count : INPUTS;
    if (set->input_count < 256) {
        err = error_set(error, -EINVAL, "%s: %zu rows, at least 256 are needed", path,
                        set->input_count);
        goto out;
    }
    for (uint32_t i = FEATURE_SET_1; i <= (table ? table->feature_set : FEATURE_SET_2); i++) {
        set->inputs[i - 1] = inputs_new(i, table, set->input_count);
        if (!set->inputs[i - 1])
            err = -ENOMEM;
    }
out:
    features_table_free(table);
    return err;
}

static int measure(struct bench_set *set, uint32_t rounds)
{
    struct bench_case *parts = &set->cases[set->count];

    floor_cases(parts);
    int err = bench_measure(set->cases, set->count + FLOOR_PARTS, rounds);
    for (size_t i = 0; i < set->count && !err; i++)
        floor_apply(&set->cases[i], &set->floors[i], parts);
    return err;
}

int bench_classify(int argc, char **argv)
{
    struct error error = {"no memory"};
    struct bench_options options;

    if (bench_options_read(&options, usage, argc, argv))
        return 2;
    struct bench_set *set = calloc(1, sizeof(*set));
    if (!set)
        return 1;
    int err = take_inputs(set, options.features, &error);
    if (!err)
        err = options.model ? add_model(set, options.model, &error) : add_all_shapes(set);
    bool bad_input = err && err != -ENOMEM;
    if (!err)
        err = measure(set, options.rounds);
    if (!err)
        bench_print(set->cases, set->count, options.format, stdout);
    else
        fprintf(stderr, "afxdp-bench classify: %s\n", error.text);
    set_free(set);
    return !err ? 0 : bad_input ? 2 : 1;
}
