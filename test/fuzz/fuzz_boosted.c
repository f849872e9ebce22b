// SPDX-License-Identifier: BSD-2-Clause
/* XGBoost's and LightGBM's own files, which may hold anything: what is accepted must become a valid
 * model with the verdicts of the trees as they stand there, what isn't is refused with one line. */
#include <errno.h>
#include <string.h>

#include "dt.h"
#include "dt_boosted.h"
#include "dt_import.h"
#include "fuzz.h"

enum { ROWS = 24 };

static void check_model(const struct dt_ensemble *ensemble)
{
    struct import import = {.class_count = ensemble->class_count,
                            .feature_set = ensemble->feature_set};
    struct import_report report = {0};
    uint32_t rows[ROWS * FEATURES_MAX];
    int16_t labels[ROWS];
    struct error error = {""};
    struct q8 *file = NULL;

    for (uint32_t i = 0; i < ROWS * FEATURES_MAX; i++)
        rows[i] = (i * 2654435761U) >> i % 24;
    for (uint32_t i = 0; i < ROWS; i++)
        labels[i] = (int16_t)(i % 2);
    for (uint32_t k = 0; k < import.class_count; k++)
        snprintf(import.classes[k].name, sizeof(import.classes[k].name), "class-%u", k);
    import.features = rows;
    import.labels = labels;
    import.rows = ROWS;
    int err = dt_import_ensemble(&file, ensemble, &import, &report, &error);
    MUST(err <= 0 && (err == 0) == (file != NULL));
    if (err) {
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return;
    }
    struct dt_model *model = NULL;
    MUST(dt_model_load(&model, file, &error) == 0);
    dt_model_free(model);
    q8_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum dt_boosted_format format = DT_NOT_BOOSTED;
    struct dt_ensemble *ensemble = NULL;
    struct error error = {""};
    char maker[64];

    if (dt_boosted_format(&format, data, size, &error) || format == DT_NOT_BOOSTED)
        return 0;
    uint8_t *bytes = malloc(size + 1);
    MUST(bytes != NULL);
    memcpy(bytes, data, size);
    bytes[size] = '\0';
    int err = dt_boosted_read(&ensemble, format, bytes, size, maker, &error);
    free(bytes);
    MUST(err <= 0 && (err == 0) == (ensemble != NULL));
    if (err) {
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return 0;
    }
    for (const char *at = maker; *at; at++)
        MUST(*at >= ' ' && *at <= '~');
    check_model(ensemble);
    dt_ensemble_free(ensemble);
    return 0;
}
