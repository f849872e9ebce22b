// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include "nn_random.h"
#include "nn_reference.h"

struct q8 *nn_random_file(struct random *random, const struct nn_model *model,
                          uint32_t golden_count)
{
    struct q8 *file = calloc(1, sizeof(*file));
    struct q8_golden *golden = calloc(golden_count + 1, sizeof(*golden));
    uint8_t *payload;

    if (!file || !golden || nn_model_encode(model, &payload, &file->payload_size))
        abort();
    file->kind = Q8_NN;
    file->feature_set = model->feature_set;
    file->class_count = model->class_count;
    for (uint32_t i = 0; i < model->class_count; i++)
        snprintf(file->classes[i].name, sizeof(file->classes[i].name), "class-%u", i);
    file->confidence = model->confidence;
    file->provenance = "{}";
    for (uint32_t i = 0; i < golden_count; i++) {
        nn_random_features(random, golden[i].features, nn_inputs(model));
        golden[i].verdict = nn_classify(model, golden[i].features, nn_inputs(model));
    }
    file->payload = payload;
    file->golden = golden;
    file->golden_count = golden_count;
    return file;
}

void nn_random_file_free(struct q8 *file)
{
    free((void *)file->payload);
    free((void *)file->golden);
    free(file);
}
