// SPDX-License-Identifier: BSD-2-Clause
#include "explanation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"
#include "dt_reference.h"
#include "feature_text.h"
#include "nn.h"
#include "nn_reference.h"
#include "report_value.h"

enum { FEATURES_TOLD = 3 };

/* The model in the form of the reference; one of the two. */
struct scorer {
    const struct q8 *file;
    uint32_t features;
    struct nn_model *nn;
    struct dt_model *dt;
};

struct effect {
    uint32_t feature;
    int64_t lost;
    struct verdict without;
};

static int scorer_open(struct scorer *scorer, const struct q8 *file, struct error *error)
{
    *scorer = (struct scorer){.file = file, .features = feature_count(file->feature_set)};
    return file->kind == Q8_NN ? nn_model_load(&scorer->nn, file, error)
                               : dt_model_load(&scorer->dt, file, error);
}

static void scorer_close(struct scorer *scorer)
{
    free(scorer->nn);
    dt_model_free(scorer->dt);
}

static void score(const struct scorer *scorer, const uint32_t *row, int32_t scores[CLASSES_MAX])
{
    const struct dt_model *dt = scorer->dt;
    struct dt_sums sums = {.score = {0}};

    if (dt)
        dt_sums_of(&dt->shape, dt->nodes, DT_NO_MASK, dt->scores, DT_NO_MASK, row, scorer->features,
                   &sums);
    memcpy(scores, sums.score, sizeof(sums.score));
    if (scorer->nn)
        nn_logits(scorer->nn, row, nn_inputs(scorer->nn), scores);
}

static struct lead lead_on(const struct scorer *scorer, const uint32_t *row,
                           struct verdict *verdict)
{
    int32_t scores[CLASSES_MAX];

    score(scorer, row, scores);
    *verdict = verdict_of_scores(scores, scorer->file->class_count, &scorer->file->confidence);
    return lead_of_scores(scores, scorer->file->class_count);
}

/* How far a class is ahead of all others; negative where it isn't. */
static int64_t ahead(const struct scorer *scorer, const uint32_t *row, uint32_t class_index)
{
    int32_t scores[CLASSES_MAX];
    int64_t other = INT64_MIN;

    score(scorer, row, scores);
    for (uint32_t i = 0; i < scorer->file->class_count; i++)
        if (i != class_index && scores[i] > other)
            other = scores[i];
    return scores[class_index] - other;
}

static uint32_t second_of(const struct scorer *scorer, const uint32_t *row, struct lead lead)
{
    int32_t scores[CLASSES_MAX];
    uint32_t second = 0;

    score(scorer, row, scores);
    while (second == lead.class_index || scores[second] != lead.second)
        second++;
    return second;
}

/* Made-up golden vectors hold what no packet has. */
static bool is_of_packet(const struct q8_golden *golden, uint32_t features)
{
    for (uint32_t i = 0; i < features; i++)
        if (golden->features[i] > feature_most(i))
            return false;
    return true;
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* How many rows there were. */
static uint32_t usual_row(const struct scorer *scorer, uint32_t *values, uint32_t *usual)
{
    uint32_t count = 0;

    for (uint32_t feature = 0; feature < scorer->features; feature++) {
        count = 0;
        for (uint32_t i = 0; i < scorer->file->golden_count; i++) {
            const struct q8_golden *golden = &scorer->file->golden[i];

            if (golden->verdict.class_index == 0 && is_of_packet(golden, scorer->features))
                values[count++] = golden->features[feature];
        }
        qsort(values, count, sizeof(*values), compare_values);
        usual[feature] = count ? values[count / 2] : 0;
    }
    return count;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* Those that change most, the largest change first. */
static uint32_t find_effects(const struct scorer *scorer, const uint32_t *row,
                             const uint32_t *usual, uint32_t class_index,
                             struct effect best[FEATURES_TOLD])
{
    int64_t whole = ahead(scorer, row, class_index);
    uint32_t changed[FEATURES_MAX] = {0}, count = 0;

    memcpy(changed, row, scorer->features * sizeof(*row));
    for (uint32_t feature = 0; feature < scorer->features; feature++) {
        struct effect effect = {.feature = feature};

        changed[feature] = usual[feature];
        effect.lost = whole - ahead(scorer, changed, class_index);
        (void)lead_on(scorer, changed, &effect.without);
        changed[feature] = row[feature];
        for (uint32_t i = 0; i < FEATURES_TOLD && effect.lost != 0; i++) {
            if (i < count && magnitude(best[i].lost) >= magnitude(effect.lost))
                continue;
            struct effect smaller = best[i];
            best[i] = effect;
            effect = smaller;
            if (i == count) {
                count++;
                break;
            }
        }
    }
    return count;
}

static json_t *effect_json(const struct scorer *scorer, const uint32_t *row, const uint32_t *usual,
                           const struct effect *effect, int64_t lead)
{
    const struct q8_class *class = &scorer->file->classes[effect->without.class_index];
    char value[FEATURE_TEXT], instead[FEATURE_TEXT];

    feature_text(value, effect->feature, row[effect->feature]);
    feature_text(instead, effect->feature, usual[effect->feature]);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:i}", "feature",
                     feature_name(effect->feature), "meaning", feature_meaning(effect->feature),
                     "value", value, "usual", instead, "lead_lost",
                     (json_int_t)(lead ? effect->lost * 100 / lead : 0), "class", class->name,
                     "confidence", (int)effect->without.confidence);
}

static json_t *effects_json(const struct scorer *scorer, const uint32_t *row, uint32_t class_index)
{
    struct effect effects[FEATURES_TOLD] = {{0}};
    uint32_t usual[FEATURES_MAX];
    uint32_t *values = calloc(scorer->file->golden_count, sizeof(*values));
    json_t *array = values ? json_array() : NULL;

    if (array && usual_row(scorer, values, usual) > 0) {
        int64_t lead = ahead(scorer, row, class_index);
        uint32_t count = find_effects(scorer, row, usual, class_index, effects);

        for (uint32_t i = 0; i < count; i++)
            report_append(array, effect_json(scorer, row, usual, &effects[i], lead));
    }
    free(values);
    return array;
}

static json_t *comparisons_json(const struct scorer *scorer, const uint32_t *row)
{
    const struct dt_node *nodes = scorer->dt->nodes;
    json_t *array = json_array();
    struct dt_values values = {{0}};

    dt_values_fill(&values, row, scorer->features);
    for (uint32_t at = scorer->dt->shape.tree[0].root; !dt_node_is_leaf(&nodes[at]);) {
        uint32_t feature = dt_node_value(&nodes[at]),
                 next = dt_step(nodes, DT_NO_MASK, &values, at);
        char value[FEATURE_TEXT], threshold[FEATURE_TEXT];

        feature_text(value, feature, row[feature]);
        feature_text(threshold, feature, nodes[at].threshold);
        report_append(array,
                      json_pack("{s:s, s:s, s:s, s:s, s:s}", "feature", feature_name(feature),
                                "meaning", feature_meaning(feature), "value", value, "is",
                                next == dt_node_left(&nodes[at]) ? "at most" : "above", "threshold",
                                threshold));
        at = next;
    }
    return array;
}

static json_t *row_json(const struct scorer *scorer, const uint32_t *row)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < scorer->features; i++)
        report_number(object, feature_name(i), row[i]);
    return object;
}

static json_t *explain(const struct scorer *scorer, const uint32_t *row)
{
    const struct q8_class *classes = scorer->file->classes;
    bool one_tree = scorer->dt && scorer->dt->shape.tree_count == 1;
    struct verdict verdict;
    struct lead lead = lead_on(scorer, row, &verdict);

    return json_pack(
        "{s:s, s:i, s:s, s:o, s:o}", "class", classes[lead.class_index].name, "confidence",
        (int)verdict.confidence, "second", classes[second_of(scorer, row, lead)].name,
        one_tree ? "comparisons" : "features",
        one_tree ? comparisons_json(scorer, row) : effects_json(scorer, row, lead.class_index),
        "row", row_json(scorer, row));
}

int explanation_of(json_t **out, const struct q8 *file, const uint32_t *features,
                   struct error *error)
{
    struct scorer scorer;
    int status = scorer_open(&scorer, file, error);

    if (status != 0)
        return status;
    (void)report_lacks();
    json_t *object = explain(&scorer, features);
    scorer_close(&scorer);
    if (!object || report_lacks()) {
        json_decref(object);
        return error_set(error, -ENOMEM, "no memory to explain a verdict");
    }
    *out = object;
    return 0;
}
