// SPDX-License-Identifier: BSD-2-Clause
/* The model file: its container and both payloads. What loads is written again byte for byte, and
 * every inference variant gives the same verdicts for it, in a batch and one by one. Each input is
 * decoded as it is and once more repaired (magic, lengths, checksum), so that mutations reach the
 * checks behind them. */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "cpu.h"
#include "dt.h"
#include "fuzz.h"
#include "nn.h"
#include "q8_layout.h"

enum { ROWS = 37 }; /* no multiple of any vector's width */

/* Rows of all magnitudes, always the same; the first is the file's golden one. */
static void make_rows(const struct q8 *file, uint32_t *rows)
{
    uint64_t state = 0x9e3779b97f4a7c15;
    uint32_t width = feature_count(file->feature_set);

    memcpy(rows, file->golden[0].features, width * sizeof(*rows));
    for (size_t i = width; i < ROWS * width; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        rows[i] = (uint32_t)(state >> 32) >> (state >> 27 & 31);
    }
}

/* Compares with the verdicts of the variant before, if any, and keeps these. */
static void check_variant(const struct q8 *file, const struct classifier *classifier,
                          struct verdict *before, bool first)
{
    uint32_t rows[ROWS * FEATURES_MAX];
    struct verdict verdicts[ROWS];
    struct verdict one;

    make_rows(file, rows);
    classifier->classify(classifier->model, rows, ROWS, verdicts);
    for (size_t i = 0; i < ROWS; i++) {
        classifier->classify(classifier->model, rows + i * feature_count(file->feature_set), 1,
                             &one);
        MUST(one.class_index == verdicts[i].class_index);
        MUST(one.confidence == verdicts[i].confidence);
        MUST(one.class_index < file->class_count && one.confidence <= CONFIDENCE_MAX);
        MUST(first ||
             (before[i].class_index == one.class_index && before[i].confidence == one.confidence));
    }
    memcpy(before, verdicts, sizeof(verdicts));
}

static void check_payload(const struct q8 *file, const uint8_t *again, size_t size)
{
    MUST(size == file->payload_size && memcmp(again, file->payload, size) == 0);
}

static void check_nn(const struct q8 *file)
{
    struct nn_model *model = NULL;
    struct classifier *classifier = NULL;
    struct verdict verdicts[ROWS];
    struct error error = {""};
    uint8_t *again = NULL;
    size_t size = 0;
    bool first = true;

    if (nn_model_load(&model, file, &error)) {
        MUST(model == NULL && error.text[0] != '\0' && !strchr(error.text, '\n'));
        return;
    }
    MUST(nn_model_encode(model, &again, &size) == 0);
    check_payload(file, again, size);
    free(again);
    for (size_t i = 0; i < nn_variant_count(); i++) {
        if (!nn_variant_offered(i, cpu_levels()))
            continue;
        MUST(nn_variant_new(&classifier, i, model, &error) == 0);
        check_variant(file, classifier, verdicts, first);
        classifier->destroy(classifier);
        first = false;
    }
    free(model);
}

static void check_dt(const struct q8 *file)
{
    struct dt_model *model = NULL;
    struct classifier *classifier = NULL;
    struct verdict verdicts[ROWS];
    struct error error = {""};
    uint8_t *again = NULL;
    size_t size = 0;
    bool first = true;

    if (dt_model_load(&model, file, &error)) {
        MUST(model == NULL && error.text[0] != '\0' && !strchr(error.text, '\n'));
        return;
    }
    MUST(dt_model_encode(model, &again, &size, &error) == 0);
    check_payload(file, again, size);
    free(again);
    for (size_t i = 0; i < dt_variant_count(); i++) {
        if (!dt_variant_offered(i, cpu_levels()))
            continue;
        MUST(dt_variant_new(&classifier, i, model, &error) == 0);
        check_variant(file, classifier, verdicts, first);
        classifier->destroy(classifier);
        first = false;
    }
    MUST(!first);
    dt_model_free(model);
}

static void check(const uint8_t *bytes, size_t size)
{
    struct q8 *file = NULL;
    struct error error = {""};
    int err = q8_decode(&file, bytes, size, &error);

    if (err) {
        MUST(err == -EINVAL && file == NULL);
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return;
    }
    MUST(file->class_count >= 2 && file->class_count <= CLASSES_MAX);
    MUST(file->golden_count >= 1 && file->golden[0].verdict.class_index < file->class_count);
    for (uint32_t i = 0; i < file->class_count; i++) {
        const char *name = file->classes[i].name;
        size_t length = strnlen(name, CLASS_NAME_SIZE);

        MUST(length > 0 && length < CLASS_NAME_SIZE && q8_class_index(file, name) == (int)i);
        for (size_t at = length; at < CLASS_NAME_SIZE; at++)
            MUST(name[at] == '\0'); /* nothing hides behind a name */
    }

    uint8_t *again = NULL; /* what was read is written again byte for byte */
    size_t again_size = 0;
    MUST(q8_encode(file, &again, &again_size, &error) == 0);
    MUST(again_size == size && memcmp(again, bytes, size) == 0);
    free(again);
    if (file->kind == Q8_NN)
        check_nn(file);
    else
        check_dt(file);
    q8_free(file);
}

/* Makes the header agree with the file's size, as far as there is a payload length that does. */
static void repair(uint8_t *bytes, size_t size)
{
    struct q8_header header;

    memcpy(&header, bytes, sizeof(header));
    memcpy(header.magic, Q8_MAGIC, sizeof(header.magic));
    header.version = header.version & 1 ? Q8_VERSION_1 : Q8_VERSION_2;
    header.feature_set = header.version == Q8_VERSION_1 ? FEATURE_SET_1 : FEATURE_SET_2;
    header.file_length = size;
    memset(header.reserved, 0, sizeof(header.reserved));
    uint64_t others = sizeof(header) + header.class_count * sizeof(struct q8_class) +
                      header.provenance_length +
                      header.golden_count * q8_golden_size(header.feature_set) + sizeof(uint32_t);
    if (others <= size)
        header.payload_length = (uint32_t)(size - others);
    memcpy(bytes, &header, sizeof(header));
    uint32_t checksum = (uint32_t)crc32_z(0, bytes, size - sizeof(checksum));
    memcpy(bytes + size - sizeof(checksum), &checksum, sizeof(checksum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size);
    if (size < sizeof(struct q8_header) + sizeof(uint32_t))
        return 0;
    uint8_t *repaired = malloc(size);
    if (!repaired)
        abort();
    memcpy(repaired, data, size);
    repair(repaired, size);
    check(repaired, size);
    free(repaired);
    return 0;
}
