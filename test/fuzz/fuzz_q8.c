// SPDX-License-Identifier: BSD-2-Clause
/* The model file's container. Each input is decoded as it is and once more repaired (magic,
 * lengths, checksum), so that mutations reach the checks behind them. */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "fuzz.h"
#include "q8_layout.h"

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
    q8_free(file);
}

/* Makes the header agree with the file's size, as far as there is a payload length that does. */
static void repair(uint8_t *bytes, size_t size)
{
    struct q8_header header;

    memcpy(&header, bytes, sizeof(header));
    memcpy(header.magic, Q8_MAGIC, sizeof(header.magic));
    header.version = Q8_VERSION;
    header.feature_set = FEATURE_SET_VERSION;
    header.file_length = size;
    memset(header.reserved, 0, sizeof(header.reserved));
    uint64_t others = sizeof(header) + header.class_count * sizeof(struct q8_class) +
                      header.provenance_length + header.golden_count * sizeof(struct q8_golden) +
                      sizeof(uint32_t);
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
