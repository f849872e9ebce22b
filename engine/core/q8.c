// SPDX-License-Identifier: BSD-2-Clause
#include "q8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "q8_layout.h"

const char *action_name(uint32_t action)
{
    static const char *const names[ACTIONS] = ACTION_NAMES;

    return action < ACTIONS ? names[action] : NULL;
}

int action_parse(const char *name)
{
    for (int action = 0; action < ACTIONS_PLAIN; action++) {
        if (strcmp(name, action_name((uint32_t)action)) == 0)
            return action;
    }
    return -1;
}

int q8_class_width(const struct q8 *file, int least)
{
    for (uint32_t i = 0; i < file->class_count; i++) {
        int length = (int)strlen(file->classes[i].name);
        least = length > least ? length : least;
    }
    return least;
}

int q8_class_index(const struct q8 *file, const char *name)
{
    for (uint32_t i = 0; i < file->class_count; i++) {
        if (strcmp(file->classes[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool name_is_ours(const char *name)
{
    static const char *const ours[] = {"other", "malformed", "unsure", "unclassified"};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcmp(name, ours[i]) == 0)
            return true;
    }
    return false;
}

/* A name is letters, digits, '_' and '-', NUL-padded to the end. */
static bool name_is_valid(const char name[CLASS_NAME_SIZE])
{
    size_t length = strnlen(name, CLASS_NAME_SIZE);

    if (length == 0 || length == CLASS_NAME_SIZE || name[0] == '-' || name[0] == '_')
        return false;
    for (size_t i = 0; i < CLASS_NAME_SIZE; i++) {
        bool part = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
                    name[i] == '_' || name[i] == '-';
        if (i < length ? !part : name[i] != '\0')
            return false;
    }
    return true;
}

static bool stands_before(const struct q8_class *classes, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(classes[i].name, classes[index].name) == 0)
            return true;
    }
    return false;
}

int q8_check_classes(const struct q8_class *classes, uint32_t count, struct error *error)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct q8_class *class = &classes[i];

        if (!name_is_valid(class->name))
            return error_set(error, -EINVAL,
                             "class %u has an invalid name (1 to %d of a-z, 0-9, '_', '-')", i,
                             CLASS_NAME_SIZE - 1);
        if (name_is_ours(class->name))
            return error_set(error, -EINVAL, "class name '%s' is reserved by the engine",
                             class->name);
        if (stands_before(classes, i))
            return error_set(error, -EINVAL, "class name '%s' stands there twice", class->name);
        if (class->action >= ACTIONS_PLAIN)
            return error_set(error, -EINVAL, "class '%s' has the unknown default action %u",
                             class->name, class->action);
    }
    return 0;
}

static int check_confidence(const struct confidence_table *table, struct error *error)
{
    if (table->shift > 31)
        return error_set(error, -EINVAL, "confidence shift %u is above 31", table->shift);
    for (int i = 0; i < CONFIDENCE_STEPS; i++) {
        if (table->step[i] > CONFIDENCE_MAX)
            return error_set(error, -EINVAL, "confidence step %d is %u, above %d", i,
                             table->step[i], CONFIDENCE_MAX);
        if (i > 0 && table->step[i] < table->step[i - 1])
            return error_set(error, -EINVAL, "confidence step %d is below the one before", i);
    }
    return 0;
}

static int check_content(const struct q8 *file, struct error *error)
{
    int err = q8_check_classes(file->classes, file->class_count, error);

    if (!err)
        err = check_confidence(&file->confidence, error);
    if (err)
        return err;
    for (uint32_t i = 0; i < file->golden_count; i++) {
        const struct verdict *verdict = &file->golden[i].verdict;
        if (verdict->class_index >= file->class_count || verdict->confidence > CONFIDENCE_MAX)
            return error_set(error, -EINVAL, "golden vector %u has class %u, confidence %u", i,
                             verdict->class_index, verdict->confidence);
    }
    return 0;
}

/* 0 for a feature set that there isn't. */
static uint32_t version_of(uint32_t feature_set)
{
    return feature_set == FEATURE_SET_1   ? Q8_VERSION_1
           : feature_set == FEATURE_SET_2 ? Q8_VERSION_2
                                          : 0;
}

/* Caps on what a header announces; the exact length follows from it. */
static int check_header(const struct q8_header *header, uint64_t size, struct error *error)
{
    static const uint8_t zero[sizeof(header->reserved)];

    if (memcmp(header->magic, Q8_MAGIC, sizeof(header->magic)) != 0)
        return error_set(error, -EINVAL, "not a .q8 model (wrong magic)");
    if (header->version != Q8_VERSION_1 && header->version != Q8_VERSION_2)
        return error_set(error, -EINVAL, "format version %u, this program reads %d and %d",
                         header->version, Q8_VERSION_1, Q8_VERSION_2);
    if (header->kind != Q8_NN && header->kind != Q8_DT)
        return error_set(error, -EINVAL, "unknown model kind %u", header->kind);
    if (version_of(header->feature_set) != header->version)
        return error_set(error, -EINVAL, "feature set %u in a file of format version %u",
                         header->feature_set, header->version);
    if (header->class_count < 2 || header->class_count > CLASSES_MAX)
        return error_set(error, -EINVAL, "%u classes, allowed are 2 to %d", header->class_count,
                         CLASSES_MAX);
    if (header->provenance_length > Q8_PROVENANCE_MAX)
        return error_set(error, -EINVAL, "provenance of %u bytes, at most %d are allowed",
                         header->provenance_length, Q8_PROVENANCE_MAX);
    if (header->golden_count < 1 || header->golden_count > Q8_GOLDEN_MAX)
        return error_set(error, -EINVAL, "%u golden vectors, allowed are 1 to %d",
                         header->golden_count, Q8_GOLDEN_MAX);
    if (memcmp(header->reserved, zero, sizeof(zero)) != 0)
        return error_set(error, -EINVAL, "reserved header bytes are not zero");

    uint64_t length = sizeof(*header) + header->class_count * sizeof(struct q8_class) +
                      header->provenance_length + (uint64_t)header->payload_length +
                      header->golden_count * q8_golden_size(header->feature_set) + sizeof(uint32_t);
    if (length != header->file_length || length != size)
        return error_set(error, -EINVAL,
                         "the file has %llu bytes, its header says %llu and its parts add up to "
                         "%llu (truncated, or bytes were added)",
                         (unsigned long long)size, (unsigned long long)header->file_length,
                         (unsigned long long)length);
    return 0;
}

static const struct q8_golden *unpack_golden(struct q8_golden *golden,
                                             const struct q8_header *header, const uint8_t *bytes)
{
    size_t size = q8_golden_size(header->feature_set);
    size_t features = size - sizeof(struct verdict);

    for (uint32_t i = 0; i < header->golden_count; i++, bytes += size) {
        golden[i] = (struct q8_golden){.features = {0}};
        memcpy(golden[i].features, bytes, features);
        memcpy(&golden[i].verdict, bytes + features, sizeof(golden[i].verdict));
    }
    return golden;
}

/* Copies the parts into one private block behind the struct. Golden vectors and provenance get a
 * place of their own so that they are aligned and NUL-terminated. */
static struct q8 *q8_build(const struct q8_header *header, const uint8_t *cursor)
{
    size_t golden_size = header->golden_count * sizeof(struct q8_golden);
    size_t classes_size = header->class_count * sizeof(struct q8_class);
    struct q8 *file = calloc(1, sizeof(*file));
    uint8_t *memory = malloc(golden_size + header->payload_length + header->provenance_length + 1);

    if (!file || !memory) {
        free(file);
        free(memory);
        return NULL;
    }
    file->kind = (enum q8_kind)header->kind;
    file->feature_set = header->feature_set;
    file->class_count = header->class_count;
    file->confidence.shift = header->confidence_shift;
    memcpy(file->confidence.step, header->confidence, sizeof(header->confidence));
    file->golden_count = header->golden_count;
    file->payload_size = header->payload_length;
    file->memory = memory;

    memcpy(file->classes, cursor, classes_size);
    cursor += classes_size;
    const uint8_t *provenance = cursor;
    cursor += header->provenance_length;
    const uint8_t *payload = cursor;
    cursor += header->payload_length;

    file->golden = unpack_golden((struct q8_golden *)(void *)memory, header, cursor);
    memory += golden_size;
    file->payload = memcpy(memory, payload, header->payload_length);
    memory += header->payload_length;
    file->provenance = memcpy(memory, provenance, header->provenance_length);
    memory[header->provenance_length] = '\0';
    return file;
}

int q8_decode(struct q8 **out, const void *bytes, size_t size, struct error *error)
{
    struct q8_header header;
    uint32_t checksum;

    if (size < sizeof(header) + sizeof(checksum))
        return error_set(error, -EINVAL, "not a .q8 model (only %zu bytes)", size);
    if (size > Q8_FILE_MAX)
        return error_set(error, -EINVAL, "%zu bytes, a model has at most %d", size, Q8_FILE_MAX);
    memcpy(&header, bytes, sizeof(header));
    int err = check_header(&header, size, error);
    if (err)
        return err;
    memcpy(&checksum, (const uint8_t *)bytes + size - sizeof(checksum), sizeof(checksum));
    uint32_t actual = (uint32_t)crc32_z(0, bytes, size - sizeof(checksum));
    if (actual != checksum)
        return error_set(error, -EINVAL, "checksum is %08x, should be %08x (the file is damaged)",
                         actual, checksum);

    struct q8 *file = q8_build(&header, (const uint8_t *)bytes + sizeof(header));
    if (!file)
        return error_set(error, -ENOMEM, "no memory for a model of %zu bytes", size);
    file->checksum = checksum;
    err = check_content(file, error);
    if (!err && strlen(file->provenance) != header.provenance_length)
        err = error_set(error, -EINVAL, "provenance has a NUL in its text");
    if (err) {
        q8_free(file);
        return err;
    }
    *out = file;
    return 0;
}

/* Their bytes; how many. */
static size_t pack_golden(uint8_t *bytes, const struct q8 *file)
{
    size_t size = q8_golden_size(file->feature_set);
    size_t features = size - sizeof(struct verdict);

    for (uint32_t i = 0; i < file->golden_count; i++, bytes += size) {
        memcpy(bytes, file->golden[i].features, features);
        memcpy(bytes + features, &file->golden[i].verdict, sizeof(file->golden[i].verdict));
    }
    return file->golden_count * size;
}

int q8_encode(struct q8 *file, uint8_t **out, size_t *size, struct error *error)
{
    struct q8_header header = {
        .magic = Q8_MAGIC,
        .version = version_of(file->feature_set),
        .kind = file->kind,
        .feature_set = file->feature_set,
        .class_count = file->class_count,
        .provenance_length = (uint32_t)strlen(file->provenance),
        .payload_length = (uint32_t)file->payload_size,
        .golden_count = file->golden_count,
        .confidence_shift = file->confidence.shift,
    };
    if (file->payload_size > Q8_FILE_MAX || file->class_count > CLASSES_MAX ||
        file->golden_count > Q8_GOLDEN_MAX)
        return error_set(error, -E2BIG, "the model is too large for a .q8 file");
    memcpy(header.confidence, file->confidence.step, sizeof(header.confidence));

    struct {
        const void *bytes;
        size_t size;
    } parts[] = {
        {&header, sizeof(header)},
        {file->classes, file->class_count * sizeof(struct q8_class)},
        {file->provenance, header.provenance_length},
        {file->payload, file->payload_size},
    };
    size_t total = file->golden_count * q8_golden_size(file->feature_set) + sizeof(uint32_t);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        total += parts[i].size;
    header.file_length = total;
    uint8_t *bytes = malloc(total);
    if (!bytes)
        return error_set(error, -ENOMEM, "no memory for a model of %zu bytes", total);

    size_t at = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].size > 0)
            memcpy(bytes + at, parts[i].bytes, parts[i].size);
        at += parts[i].size;
    }
    at += pack_golden(bytes + at, file);
    file->checksum = (uint32_t)crc32_z(0, bytes, at);
    memcpy(bytes + at, &file->checksum, sizeof(file->checksum));

    struct q8 *again = NULL; /* what can't be read back must not be written */
    int err = q8_decode(&again, bytes, total, error);
    q8_free(again);
    if (err) {
        free(bytes);
        return err;
    }
    *out = bytes;
    *size = total;
    return 0;
}

void q8_free(struct q8 *file)
{
    if (!file)
        return;
    free(file->memory);
    free(file);
}

int q8_check_golden(const struct q8 *file, const struct classifier *classifier, struct error *error)
{
    uint32_t width = feature_count(file->feature_set);
    uint32_t *features = calloc((size_t)file->golden_count * width, sizeof(*features));
    struct verdict *verdicts = calloc(file->golden_count, sizeof(*verdicts));
    int err = 0;

    if (!features || !verdicts) {
        err = error_set(error, -ENOMEM, "no memory for %u golden vectors", file->golden_count);
        goto out;
    }
    for (uint32_t i = 0; i < file->golden_count; i++)
        memcpy(features + (size_t)i * width, file->golden[i].features, width * sizeof(*features));
    classifier->classify(classifier->model, features, file->golden_count, verdicts);
    for (uint32_t i = 0; i < file->golden_count && !err; i++) {
        const struct verdict *want = &file->golden[i].verdict;
        struct verdict got[2] = {verdicts[i]};

        classifier->classify(classifier->model, features + (size_t)i * width, 1, &got[1]);
        for (int batch = 0; batch < 2 && !err; batch++) {
            if (got[batch].class_index != want->class_index ||
                got[batch].confidence != want->confidence)
                err = error_set(error, -EBADMSG,
                                "golden vector %u: %s %s gives class %u with confidence %u, the "
                                "file says %u with %u",
                                i, classifier->kind, classifier->variant, got[batch].class_index,
                                got[batch].confidence, want->class_index, want->confidence);
        }
    }
out:
    free(features);
    free(verdicts);
    return err;
}
