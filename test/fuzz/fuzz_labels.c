// SPDX-License-Identifier: BSD-2-Clause
/* Label tables of every format. Input: format, unit of plain numbers, then the table. What is taken
 * labels a packet or doesn't, and can say what joined. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "labels.h"

static void label_packets(struct labels *labels)
{
    uint8_t bytes[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    struct frame frame = {.data = bytes, .length = 14, .wire_length = 14, .link = LINK_ETHERNET};
    struct packet packet = {.source = {0x0100000a},
                            .destination = {0x0200000a},
                            .length = 28,
                            .source_port = 1000,
                            .destination_port = 53,
                            .protocol = 17,
                            .version = 4};
    struct labels_joined joined;
    uint64_t named = 0;

    for (uint64_t i = 0; i < 8; i++) {
        frame.time = (i - 1) * 400000000000000000;
        const char *name = labels_find(labels, i, &frame, &packet);
        MUST(!name || (name[0] && strlen(name) < 64));
        named += name != NULL;
    }
    labels_joined(labels, &joined);
    MUST(joined.packets == 8 && joined.packets_unmatched == 8 - named);
    MUST(joined.rows_unmatched <= joined.rows && joined.would_join <= joined.packets_unmatched);
    MUST(joined.rows - joined.rows_unmatched <= named);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct labels *labels = NULL;
    struct error error = {""};
    const char *const *lines;
    char path[64];

    if (size < 2)
        return 0;
    int fd = memfd_create("labels", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data + 2, size - 2) == (ssize_t)(size - 2));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const struct labels_options options = {
        .path = path, .format = data[0] % (LABELS_ARGUS + 1), .unit = data[1] % 4};
    int err = labels_read(&labels, &options, &error);
    close(fd);
    if (err) {
        MUST(err < 0 && labels == NULL && error.text[0] != '\0');
        return 0;
    }
    for (uint32_t i = 0, count = labels_notes(labels, &lines); i < count; i++)
        MUST(lines[i] && lines[i][0]);
    label_packets(labels);
    labels_free(labels);
    return 0;
}
