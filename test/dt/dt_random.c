// SPDX-License-Identifier: BSD-2-Clause
#include "dt_random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dt.h"

static void *take(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

uint32_t random_u32(struct dt_random *random)
{
    random->state += 0x9e3779b97f4a7c15; /* splitmix64 */
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)(z >> 32);
}

uint32_t random_below(struct dt_random *random, uint32_t bound)
{
    return (uint32_t)((uint64_t)random_u32(random) * bound >> 32);
}

struct dt_random random_start(void)
{
    const char *text = getenv("AFXDP_SEED");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    struct dt_random random = {text ? strtoull(text, NULL, 0)
                                    : (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
    printf("AFXDP_SEED=%llu\n", (unsigned long long)random.state);
    return random;
}

struct random_shape random_shape(struct dt_random *random)
{
    static const uint32_t trees[] = {1, 1, 1, 2, 3, 7, 20, 64, 65, 300};
    struct random_shape shape = {
        .tree_count = trees[random_below(random, 10)],
        .depth = random_below(random, DT_DEPTH_MAX + 1),
        .class_count = 2 + random_below(random, random_below(random, 4) ? 7 : CLASSES_MAX - 1),
        .feature_set = random_below(random, 2) ? FEATURE_SET_2 : FEATURE_SET_1,
        .leaf_percent = random_below(random, 3) * 15,
        .chain = random_below(random, 6) == 0,
        .small_thresholds = random_below(random, 3) == 0,
        .fine_scores = random_below(random, 4) == 0,
    };

    shape.feature_count = 1 + random_below(random, feature_count(shape.feature_set));
    /* Keeps what is built within the caps, and within seconds. */
    uint32_t most = shape.tree_count > 64  ? 6
                    : shape.tree_count > 3 ? 9
                    : shape.leaf_percent   ? 16
                                           : 12;
    if (!shape.chain && shape.depth > most)
        shape.depth = most;
    return shape;
}

static uint32_t random_value(struct dt_random *random, bool small)
{
    static const uint32_t edges[] = {
        0, 1, 254, 255, 256, 65534, 65535, 65536, UINT32_MAX - 1, UINT32_MAX};

    if (small)
        return random_below(random, 256);
    if (random_below(random, 16) == 0)
        return edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
    return random_u32(random) >> random_below(random, 32);
}

/* What growing a tree carries along. */
struct grower {
    struct random_model *model;
    const struct random_shape *shape;
    struct dt_random *random;
    uint32_t feature[FEATURES_MAX];
    uint32_t capacity;
    int32_t score_most;
};

static uint32_t new_node(struct grower *grower)
{
    struct random_model *model = grower->model;

    if (model->draft.node_count == grower->capacity) {
        grower->capacity = grower->capacity ? 2 * grower->capacity : 64;
        model->nodes =
            take(realloc(model->nodes, (size_t)grower->capacity * sizeof(*model->nodes)));
    }
    memset(&model->nodes[model->draft.node_count], 0, sizeof(*model->nodes));
    return model->draft.node_count++;
}

/* Scores in few steps, so that ties are common, unless the shape wants many. */
static uint32_t new_row(struct grower *grower)
{
    struct random_model *model = grower->model;
    uint32_t class_count = grower->shape->class_count;
    uint32_t row = model->draft.row_count++;

    if ((row & (row - 1)) == 0) /* a power of two, or the first */
        model->scores = take(realloc(model->scores, (row ? 2 * (size_t)row : 1) * class_count *
                                                        sizeof(*model->scores)));
    for (uint32_t i = 0; i < class_count; i++) {
        int32_t steps = grower->shape->fine_scores ? 10000 : 4;
        int32_t step = (int32_t)random_below(grower->random, 2 * (uint32_t)steps + 1) - steps;
        model->scores[(size_t)row * class_count + i] = grower->score_most / steps * step;
    }
    return row;
}

static uint32_t grow(struct grower *grower, uint32_t depth)
{
    const struct random_shape *shape = grower->shape;
    struct dt_random *random = grower->random;
    uint32_t at = new_node(grower);

    if (depth == 0 || (depth < shape->depth && random_below(random, 100) < shape->leaf_percent)) {
        uint32_t row = new_row(grower);
        grower->model->nodes[at].is_leaf = true;
        grower->model->nodes[at].row = row;
        return at;
    }
    bool long_left = random_below(random, 2);
    uint32_t left = grow(grower, shape->chain && !long_left ? 0 : depth - 1);
    uint32_t right = grow(grower, shape->chain && long_left ? 0 : depth - 1);
    struct dt_draft_node *node = &grower->model->nodes[at];
    node->feature = grower->feature[random_below(random, shape->feature_count)];
    node->threshold = random_value(random, shape->small_thresholds);
    node->left = left;
    node->right = right;
    return at;
}

void random_model_finish(struct random_model *model, struct dt_random *random)
{
    struct q8 *file = &model->file;
    struct dt_model *flat = NULL;
    struct error error = {.text = ""};

    if (model->draft.feature_set == 0)
        model->draft.feature_set = FEATURE_SET_1;
    if (dt_draft_finish(&flat, &model->draft, &error) ||
        dt_model_encode(flat, &model->payload, &file->payload_size, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    dt_model_free(flat);
    file->kind = Q8_DT;
    file->feature_set = model->draft.feature_set;
    file->class_count = model->draft.class_count;
    for (uint32_t i = 0; i < model->draft.class_count; i++)
        snprintf(file->classes[i].name, CLASS_NAME_SIZE, "class%u", i);
    file->confidence.shift = random_below(random, 2) ? 23 : random_below(random, 32);
    for (uint32_t i = 0; i < CONFIDENCE_STEPS; i++)
        file->confidence.step[i] = (uint16_t)(i * 3 + random_below(random, 3));
    file->provenance = "{}";
    file->payload = model->payload;
    random_row(model->golden.features, model, random);
    model->golden.verdict = plain_verdict(model, model->golden.features);
    file->golden = &model->golden;
    file->golden_count = 1;
}

void random_model_make(struct random_model *model, const struct random_shape *shape,
                       struct dt_random *random)
{
    struct grower grower = {.model = model, .shape = shape, .random = random};

    memset(model, 0, sizeof(*model));
    model->draft.feature_set = shape->feature_set;
    for (uint32_t i = 0; i < feature_count(shape->feature_set); i++) {
        uint32_t other = random_below(random, i + 1);
        grower.feature[i] = grower.feature[other];
        grower.feature[other] = i;
    }
    grower.score_most = INT32_MAX / (int32_t)shape->tree_count;
    model->draft.class_count = shape->class_count;
    model->draft.tree_count = shape->tree_count;
    for (uint32_t t = 0; t < shape->tree_count; t++)
        model->draft.root[t] = grow(&grower, shape->depth);
    model->draft.nodes = model->nodes;
    model->draft.scores = model->scores;
    random_model_finish(model, random);
}

void random_model_free(struct random_model *model)
{
    free(model->nodes);
    free(model->scores);
    free(model->payload);
}

void random_row(uint32_t *features, const struct random_model *model, struct dt_random *random)
{
    for (uint32_t i = 0; i < feature_count(model->draft.feature_set); i++)
        features[i] = random_value(random, random_below(random, 3) == 0);

    /* Along one path of one tree every threshold is met, missed by one, or passed by one. */
    uint32_t at = model->draft.root[random_below(random, model->draft.tree_count)];
    while (!model->nodes[at].is_leaf) {
        const struct dt_draft_node *node = &model->nodes[at];
        if (random_below(random, 4))
            features[node->feature] = node->threshold + random_below(random, 3) - 1;
        at = features[node->feature] <= node->threshold ? node->left : node->right;
    }
}

struct verdict plain_verdict(const struct random_model *model, const uint32_t *features)
{
    int64_t sum[CLASSES_MAX] = {0};
    uint32_t class_count = model->draft.class_count;

    for (uint32_t t = 0; t < model->draft.tree_count; t++) {
        const struct dt_draft_node *node = &model->nodes[model->draft.root[t]];
        while (!node->is_leaf) {
            if (features[node->feature] <= node->threshold)
                node = &model->nodes[node->left];
            else
                node = &model->nodes[node->right];
        }
        for (uint32_t i = 0; i < class_count; i++)
            sum[i] += model->scores[(size_t)node->row * class_count + i];
    }
    uint32_t best = 0;
    for (uint32_t i = 1; i < class_count; i++) {
        if (sum[i] > sum[best])
            best = i;
    }
    int64_t second = INT64_MIN;
    for (uint32_t i = 0; i < class_count; i++) {
        if (i != best && sum[i] > second)
            second = sum[i];
    }
    int64_t margin = (sum[best] - second) >> model->file.confidence.shift;
    return (struct verdict){
        .class_index = (uint16_t)best,
        .confidence = model->file.confidence.step[margin < 255 ? margin : 255],
    };
}
