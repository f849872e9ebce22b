// SPDX-License-Identifier: BSD-2-Clause
/* A capture file that may hold anything, through the whole pipeline: it ends, every packet is
 * accounted for, and what breaks off says so in one line. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture.h"
#include "fuzz.h"
#include "pipeline.h"

static struct flow_table *make_table(void)
{
    const struct flow_table_options options = {
        .flows = 64, .timeout = 120, .fixed_seed = true, .seed = 1};
    struct flow_table *table = NULL;

    MUST(flow_table_new(&table, &options, NULL) == 0);
    return table;
}

static bool is_packed(const uint8_t *data, size_t size)
{
    return size >= 4 &&
           (memcmp(data, "\x1f\x8b", 2) == 0 || memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0 ||
            memcmp(data, "\x04\x22\x4d\x18", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct flow_table *table;
    static struct pipeline pipeline;
    static struct policy policy;
    struct stats stats = {0};
    struct capture *capture = NULL;
    struct error error = {""};
    char path[64];
    int received;

    if (!table)
        table = make_table();
    policy_init(&policy, NULL);
    pipeline.table = table;
    pipeline.policy = &policy;

    int fd = memfd_create("capture", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int err = capture_open(&capture, path, &error);
    if (err) {
        MUST(err < 0 && capture == NULL);
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        close(fd);
        return 0;
    }
    const struct route way = {.in = capture_port(capture), .stats = &stats};
    do {
        received = pipeline_run(&pipeline, &way);
        MUST(received != 0); /* "none now" would be asked for ever */
    } while (received > 0);
    MUST(stats_add_up(&stats));
    MUST(is_packed(data, size) || stats.packets <= size); /* a record has a header */
    MUST((received == -ENODATA) == (capture_fault(capture)[0] == '\0'));
    MUST(!strchr(capture_fault(capture), '\n'));
    capture_close(capture);
    close(fd);
    return 0;
}
