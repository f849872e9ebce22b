// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu.h"
#include "shapes.h"

enum {
    NEW_FRAMES = 4096,     /* buffers that new flows are written into, as many as a UMEM has */
    TABLE_LARGE = 2 << 20, /* for a million live flows, and for new ones */
    CLASSES = 5,           /* of the built-in models */
};

const char pipeline_floor_from[] =
    "three prefetched lines of the flow table per packet, two of them written";

/* Live flows: their number, a word for it, and the table they are in. */
static const struct {
    const char *name;
    uint32_t frames;
    uint32_t table;
    bool new_flows;
} loads[PIPELINE_LOADS] = {
    {"1", 1, FLOWS_DEFAULT, false},           {"1000", 1000, FLOWS_DEFAULT, false},
    {"100000", 100000, FLOWS_DEFAULT, false}, {"1000000", 1000000, TABLE_LARGE, false},
    {"new", NEW_FRAMES, TABLE_LARGE, true},
};

/* What no pipeline can do without: a line of headers read, and of the table one line read and two
 * written at places nobody can foresee but by a burst. The fastest of some runs over as much memory
 * as the load touches. */
static double floor_memory_ns(const struct flow_table *table, uint32_t flows)
{
    struct flow_bucket *buckets = table->buckets;
    uint32_t spread = table->bucket_count < flows ? table->bucket_count : flows;
    uint32_t index[BURST_MAX];
    uint64_t best = UINT64_MAX;
    uint64_t state = 7;

    for (int repeat = 0; repeat < 16; repeat++) {
        uint64_t start = bench_clock();

        for (uint32_t done = 0; done < PIPELINE_PACKETS; done += BURST_MAX) {
            for (uint32_t i = 0; i < BURST_MAX; i++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                index[i] = (uint32_t)((state >> 32) * spread >> 32);
                struct flow *flow = &buckets[index[i]].flow[state >> 61];
                __builtin_prefetch(&buckets[index[i]]);
                __builtin_prefetch(flow, 1);
                __builtin_prefetch(&flow->length_sum, 1);
                index[i] = index[i] << 3 | (uint32_t)(state >> 61);
            }
            for (uint32_t i = 0; i < BURST_MAX; i++) {
                struct flow_bucket *bucket = &buckets[index[i] >> 3];
                volatile struct flow *flow = &bucket->flow[index[i] & 7];
                flow->packets += *(volatile uint32_t *)&bucket->tag[index[i] & 7];
                flow->length_sum += 1;
            }
        }
        uint64_t taken = bench_clock() - start;
        best = taken < best ? taken : best;
    }
    return (double)best / PIPELINE_PACKETS;
}

/* The fastest variant that suits the model. */
static struct classifier *fastest_nn(const struct nn_model *model)
{
    struct classifier *classifier = NULL;

    for (size_t variant = nn_variant_count(); variant-- > 0 && !classifier;) {
        if (nn_variant_offered(variant, cpu_levels()))
            (void)nn_variant_new(&classifier, variant, model, NULL);
    }
    return classifier;
}

static struct classifier *fastest_dt(const struct dt_model *model)
{
    struct classifier *classifier = NULL;

    for (size_t variant = dt_variant_count(); variant-- > 0 && !classifier;) {
        if (dt_variant_offered(variant, cpu_levels()))
            (void)dt_variant_new(&classifier, variant, model, NULL);
    }
    return classifier;
}

static int add_built_in(struct pipeline_set *set)
{
    uint32_t *inputs = calloc((size_t)4096 * FEATURES_1, sizeof(*inputs));
    struct nn_model *nn = shape_nn(FEATURE_SET_1, 3, (uint32_t[]){32, 32, 5});
    struct nn_model *wide = shape_nn(FEATURE_SET_2, 3, (uint32_t[]){32, 32, 5});
    struct dt_model *dt = NULL;
    int err = -ENOMEM;

    if (!inputs || !nn || !wide)
        goto out;
    shape_features(inputs, FEATURE_SET_1, 4096);
    dt = shape_forest(FEATURE_SET_1, 1, 10, 5, inputs, 4096);
    if (!dt)
        goto out;
    set->classifiers[1].what = "dt";
    set->classifiers[1].classifier = fastest_dt(dt);
    set->classifiers[2].what = "nn";
    set->classifiers[2].classifier = fastest_nn(nn);
    set->classifiers[3].what = "nn of 28";
    set->classifiers[3].classifier = fastest_nn(wide);
    set->classifier_count = 4;
    set->policy.class_count = CLASSES;
    err = set->classifiers[1].classifier && set->classifiers[2].classifier &&
                  set->classifiers[3].classifier
              ? 0
              : -ENOMEM;
out:
    free(inputs);
    free(nn);
    free(wide);
    dt_model_free(dt);
    return err;
}

static int add_model(struct pipeline_set *set, const char *path, struct error *error)
{
    struct q8 *file = NULL;
    int err = q8_read(&file, path, error);

    if (err)
        return err;
    set->classifiers[1].what = file->kind == Q8_NN ? "nn" : "dt";
    if (file->kind == Q8_NN)
        err = nn_classifier_new(&set->classifiers[1].classifier, file, cpu_levels(), error);
    else
        err = dt_classifier_new(&set->classifiers[1].classifier, file, cpu_levels(), error);
    set->classifier_count = 2;
    policy_init(&set->policy, file);
    q8_free(file);
    return err;
}

static bool of_set_2(const struct classifier *classifier)
{
    return classifier && classifier->feature_set == FEATURE_SET_2;
}

static int open_hosts(struct pipeline_set *set, const char *size, struct error *error)
{
    struct host_tables_options options = HOST_TABLES_OPTIONS_DEFAULT;
    int err = size ? host_tables_parse(&options, size, error) : 0;

    options.ready = true;
    options.fixed_seed = true;
    for (size_t i = 0; !err && i < set->classifier_count; i++) {
        if (!set->hosts && of_set_2(set->classifiers[i].classifier))
            err = host_tables_new(&set->hosts, &options, error);
    }
    return err;
}

/* The flow tables of one load. */
static int open_tables(struct pipeline_set *set, size_t load, struct error *error)
{
    struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;
    int err = 0;

    options.flows = loads[load].table;
    options.ready = true;
    options.fixed_seed = true;
    for (size_t of = 0; !err && of < PIPELINE_FEATURE_SETS; of++) {
        if (of == 0 || set->hosts)
            err = flow_table_new(&set->tables[load][of], &options, error);
    }
    return err;
}

/* Every flow is known, or the table full, before the first round. */
static void fill_table(struct pipeline_run *first, size_t load)
{
    uint64_t wanted =
        loads[load].new_flows ? 2 * flow_table_capacity(first->pipeline.table) : loads[load].frames;

    for (uint64_t done = 0; done < wanted;)
        done += (uint64_t)pipeline_run(&first->pipeline, &first->route);
}

static void add_run(struct pipeline_set *set, size_t load, size_t classifier, double floor_ns)
{
    struct pipeline_run *run = &set->runs[set->count++];
    const struct classifier *with = set->classifiers[classifier].classifier;
    const bool hosts = of_set_2(with);

    run->what = set->classifiers[classifier].what;
    run->variant = with ? with->variant : "-";
    run->flows = loads[load].name;
    run->load = load;
    run->events = "";
    run->floor_ns = floor_ns;
    run->pipeline.table = set->tables[load][hosts];
    run->pipeline.hosts = hosts ? set->hosts : NULL;
    run->pipeline.classifier = with;
    run->pipeline.policy = &set->policy;
    run->route = (struct route){.in = &set->ports[load].port, .stats = &set->stats};
}

static int prepare(struct pipeline_set *set, const char *hosts, struct error *error)
{
    int err = open_hosts(set, hosts, error);

    for (size_t load = 0; !err && load < PIPELINE_LOADS; load++) {
        err = open_tables(set, load, error);
        if (!err)
            err = memory_port_open(&set->ports[load], loads[load].frames, loads[load].new_flows);
        if (err)
            return err;
        struct flow_table *table = set->tables[load][0];
        double floor_ns =
            floor_memory_ns(table, loads[load].new_flows ? loads[load].table : loads[load].frames);
        memset(table->buckets, 0, table->memory.size);
        size_t first = set->count;
        for (size_t classifier = 0; classifier < set->classifier_count; classifier++)
            add_run(set, load, classifier, floor_ns);
        fill_table(&set->runs[first], load);
        if (set->hosts)
            fill_table(&set->runs[set->count - 1], load);
    }
    return err;
}

void pipeline_set_free(struct pipeline_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < PIPELINE_EVENTS; i++)
        eve_close(set->eve[i]);
    for (size_t load = 0; load < PIPELINE_LOADS; load++) {
        for (size_t of = 0; of < PIPELINE_FEATURE_SETS; of++)
            flow_table_free(set->tables[load][of]);
        memory_port_close(&set->ports[load]);
    }
    for (size_t i = 0; i < PIPELINE_CLASSIFIERS; i++) {
        if (set->classifiers[i].classifier)
            set->classifiers[i].classifier->destroy(set->classifiers[i].classifier);
    }
    host_tables_free(set->hosts);
    free(set);
}

int pipeline_set_new(struct pipeline_set **out, const char *model, const char *hosts,
                     struct error *error)
{
    struct pipeline_set *set = aligned_alloc(_Alignof(struct pipeline_set), sizeof(*set));

    if (!set)
        return error_set(error, -ENOMEM, "no memory");
    memset(set, 0, sizeof(*set));
    set->classifiers[0].what = "none";
    policy_init(&set->policy, NULL);
    int err = model ? add_model(set, model, error) : add_built_in(set);
    if (!err)
        err = prepare(set, hosts, error);
    if (err) {
        pipeline_set_free(set);
        return err;
    }
    *out = set;
    return 0;
}

/* The observer of a table, and every flow in it known to that, too. */
static int observe(struct pipeline_set *set, size_t which, struct pipeline_run *run,
                   struct error *error)
{
    bool hosts = run->pipeline.hosts != NULL;
    struct burst_observer **observer = &set->observers[which][run->load][hosts];
    struct flow_table *table = run->pipeline.table;
    int err = 0;

    if (!*observer) {
        err = eve_observe(set->eve[which], table, observer, error);
        run->pipeline.observer = *observer;
        memset(table->buckets, 0, table->memory.size);
        if (!err)
            fill_table(run, run->load);
    }
    run->pipeline.observer = *observer;
    return err;
}

static int add_events(struct pipeline_set *set, size_t which, uint32_t types, const char *name,
                      size_t count, struct error *error)
{
    const struct eve_options options = {
        .path = "/dev/null", .policy = &set->policy, .types = types, .interface = "bench0"};
    int err = eve_open(&set->eve[which], &options, error);

    for (size_t i = 0; !err && i < count; i++) {
        struct pipeline_run *run = &set->runs[set->count++];

        *run = set->runs[i];
        run->events = name;
        err = observe(set, which, run, error);
    }
    return err ? err : eve_start(set->eve[which], error);
}

int pipeline_set_add_events(struct pipeline_set *set, struct error *error)
{
    size_t count = set->count;
    int err =
        add_events(set, 0, EVE_TYPES_ALL & ~EVE_TYPE_FLOW, ", events without flow", count, error);

    return err ? err : add_events(set, 1, EVE_TYPES_ALL, ", events", count, error);
}
