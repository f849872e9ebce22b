// SPDX-License-Identifier: BSD-2-Clause
/* Makes model files for the lab's tests:
 *   lab_model ports FILE    class "attack" for flows from ports up to 4300, else "benign": of
 *                           afxdp-generate's flows about a tenth
 *   lab_model attack FILE   class "attack" for flows to port 9999, else "benign"
 *   lab_model drop FILE     every packet is an "attack", which this model drops
 *   lab_model forward FILE  every packet is "benign", which this model forwards; both count the
 *                           other class, so that neither gives an answer that is half of each
 *   lab_model scanner FILE  feature set 2: class "attack" for packets whose initiator has more than
 *                           20 flows that weren't completed, else "benign"
 *   lab_model forest FILE   64 random trees over all twelve features, the same every time: any
 *                           changed feature is likely to change the verdict
 *   lab_model hosts FILE    the same over all of feature set 2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_random.h"

enum { SEED = 3, ATTACK_PORT = 9999, ATTACK_SOURCE_MOST = 4300, SCANNER_FAILED = 20 };

static void *copy(const void *from, size_t size)
{
    void *to = malloc(size);

    if (!to)
        abort();
    return memcpy(to, from, size);
}

/* A tree whose leaves of row 0 mean benign, those of row 1 attack. */
static void make_tree(struct random_model *model, struct dt_random *random, uint32_t feature_set,
                      const struct dt_draft_node *nodes, uint32_t count)
{
    static const int32_t scores[] = {1 << 20, 0, 0, 1 << 20};

    model->nodes = copy(nodes, count * sizeof(*nodes));
    model->scores = copy(scores, sizeof(scores));
    model->draft = (struct dt_draft){
        .feature_set = feature_set,
        .class_count = 2,
        .tree_count = 1,
        .nodes = model->nodes,
        .node_count = count,
        .scores = model->scores,
        .row_count = 2,
    };
    random_model_finish(model, random);
    strcpy(model->file.classes[0].name, "benign");
    strcpy(model->file.classes[1].name, "attack");
}

/* dport <= 9998 ? benign : dport <= 9999 ? attack : benign */
static void make_attack(struct random_model *model, struct dt_random *random)
{
    static const struct dt_draft_node nodes[] = {
        {.feature = FEATURE_DPORT, .threshold = ATTACK_PORT - 1, .left = 1, .right = 2},
        {.is_leaf = true, .row = 0},
        {.feature = FEATURE_DPORT, .threshold = ATTACK_PORT, .left = 3, .right = 4},
        {.is_leaf = true, .row = 1},
        {.is_leaf = true, .row = 0},
    };

    make_tree(model, random, FEATURE_SET_1, nodes, sizeof(nodes) / sizeof(nodes[0]));
}

/* sport <= 4300 ? attack : benign */
static void make_ports(struct random_model *model, struct dt_random *random)
{
    static const struct dt_draft_node nodes[] = {
        {.feature = FEATURE_SPORT, .threshold = ATTACK_SOURCE_MOST, .left = 1, .right = 2},
        {.is_leaf = true, .row = 1},
        {.is_leaf = true, .row = 0},
    };

    make_tree(model, random, FEATURE_SET_1, nodes, sizeof(nodes) / sizeof(nodes[0]));
}

static void make_scanner(struct random_model *model, struct dt_random *random)
{
    static const struct dt_draft_node nodes[] = {
        {.feature = FEATURE_INITIATOR_FAILED, .threshold = SCANNER_FAILED, .left = 1, .right = 2},
        {.is_leaf = true, .row = 0},
        {.is_leaf = true, .row = 1},
    };

    make_tree(model, random, FEATURE_SET_2, nodes, sizeof(nodes) / sizeof(nodes[0]));
}

/* sport <= 65535: one class for all, with an action that the other class hasn't. */
static void make_one_answer(struct random_model *model, struct dt_random *random, uint32_t class,
                            enum action action)
{
    const struct dt_draft_node nodes[] = {
        {.feature = FEATURE_SPORT, .threshold = UINT16_MAX, .left = 1, .right = 2},
        {.is_leaf = true, .row = class},
        {.is_leaf = true, .row = 1 - class},
    };

    make_tree(model, random, FEATURE_SET_1, nodes, sizeof(nodes) / sizeof(nodes[0]));
    model->file.classes[class].action = (uint8_t)action;
    model->file.classes[1 - class].action = ACTION_COUNT;
}

static void make_forest(struct random_model *model, struct dt_random *random, uint32_t feature_set)
{
    const struct random_shape shape = {
        .feature_set = feature_set,
        .tree_count = 64,
        .depth = 8,
        .class_count = 8,
        .feature_count = feature_count(feature_set),
        .small_thresholds = feature_set == FEATURE_SET_2, /* hosts' numbers are */
    };

    random_model_make(model, &shape, random);
}

int main(int argc, char **argv)
{
    struct dt_random random = {SEED};
    struct random_model model = {0};
    struct error error = {""};

    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "attack") == 0)
        make_attack(&model, &random);
    else if (strcmp(argv[1], "drop") == 0)
        make_one_answer(&model, &random, 1, ACTION_DROP);
    else if (strcmp(argv[1], "forward") == 0)
        make_one_answer(&model, &random, 0, ACTION_FORWARD);
    else if (strcmp(argv[1], "ports") == 0)
        make_ports(&model, &random);
    else if (strcmp(argv[1], "scanner") == 0)
        make_scanner(&model, &random);
    else
        make_forest(&model, &random, strcmp(argv[1], "hosts") == 0 ? FEATURE_SET_2 : FEATURE_SET_1);
    int status = q8_write(&model.file, argv[2], &error);
    if (status != 0)
        fprintf(stderr, "lab_model: %s\n", error.text);
    random_model_free(&model);
    return status != 0;
}
