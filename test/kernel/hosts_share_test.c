// SPDX-License-Identifier: BSD-2-Clause
/* A program that takes another's place goes on with its host memory; one of the other feature set
 * is refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "dt.h"
#include "dt_kernel.h"
#include "kernel_models.h"
#include "load.h"
#include "nn_kernel.h"
#include "path_run.h"
#include "random_models.h"

static const struct path_settings settings = {
    .options = {.host_cells = HOST_CELLS_LEAST, .host_rows = 2},
    .flows = 64,
    .timeout = UINT64_MAX};

/* 64 bytes of UDP over IPv4. */
static const uint8_t frame[64] = {
    2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30,
};

static void must(int status, const struct error *error)
{
    if (status == 0)
        return;
    printf("%s\n", error->text);
    exit(1);
}

static uint32_t map_id(const struct path_program *program, const char *name)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info);
    int fd = bpf_object__find_map_fd_by_name(program->object, name);

    return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

static int is_one_memory(const struct path_program *a, const struct path_program *b)
{
    static const char *const names[] = {"path_initiators", "path_responders", "path_pairs",
                                        "path_services"};
    int failures = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint32_t id = map_id(a, names[i]);

        if (id == 0 || id != map_id(b, names[i])) {
            printf("%s is another one\n", names[i]);
            failures++;
        }
    }
    return failures;
}

/* A packet of a known flow is no event, and reads what the first program counted. */
static int reads_what_was_counted(const struct xdp_path *path, uint32_t cpu)
{
    uint32_t nanoseconds;

    if (path_run_repeat(path, frame, sizeof(frame), 1, &nanoseconds) != 0)
        return 1;
    const uint32_t *features = path->cpu[cpu].work.features;
    printf("initiator_failed %u, pair_flows %u\n", features[FEATURE_INITIATOR_FAILED],
           features[FEATURE_PAIR_FLOWS]);
    return features[FEATURE_INITIATOR_FAILED] != 1 || features[FEATURE_PAIR_FLOWS] != 1;
}

int main(void)
{
    static const uint32_t widths[] = {8, 2};
    const struct path_policy policy = {.action = {0}};
    struct path_program *first, *next, *other;
    struct xdp_path *path;
    struct error error;

    kernel_need_root();
    if (path_check_set(FEATURE_SET_2, &error) != 0) {
        fprintf(stderr, "skipped: %s\n", error.text);
        return 77;
    }
    uint32_t cpu = kernel_stay_on_cpu();
    struct nn_model *network = random_network(1, FEATURE_SET_2, 2, widths);
    struct dt_model *tree = random_forest(1, FEATURE_SET_2, 1, 4, 2);
    struct dt_model *of_set_1 = random_forest(1, FEATURE_SET_1, 1, 4, 2);
    must(nn_kernel_new(&first, NN_FORM_SINGLE, network, &error), &error);
    must(path_run_open(&path, first, &settings, NULL, &error), &error);
    must(path_install(path, network, &policy, &error), &error);
    int failures = reads_what_was_counted(path, cpu); /* the first packet begins the flow */

    must(dt_kernel_new(&other, of_set_1, &error), &error);
    must(path_configure(other, &path->settings, &error), &error);
    failures += path_share(path, other, &error) != -EINVAL;
    printf("%s\n", error.text);
    path_program_free(other);

    must(dt_kernel_new(&next, tree, &error), &error);
    must(path_configure(next, &path->settings, &error), &error);
    must(path_share(path, next, &error), &error);
    must(xdp_load(next->object, &error), &error);
    must(path_settle(next, tree, &policy, &error), &error);
    failures += is_one_memory(first, next);
    path_adopt(path, next);
    path_program_free(first);
    failures += reads_what_was_counted(path, cpu);
    path_run_close(path);
    free(network);
    dt_model_free(tree);
    dt_model_free(of_set_1);
    return failures != 0;
}
