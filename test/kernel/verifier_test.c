// SPDX-License-Identifier: BSD-2-Clause
/* What each program costs the verifier, printed, and bounded well below the kernel's 1,000,000. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "kernel_models.h"
#include "load.h"
#include "nn_kernel.h"
#include "path_run.h"
#include "random_models.h"

enum { INSTRUCTIONS_MOST = 500000 };

/* Everything that the verifier would otherwise leave out. */
static struct path_settings settings = {.options = {.host_cells = HOST_CELLS_DEFAULT,
                                                    .host_rows = HOST_ROWS_MAX,
                                                    .ports = PATH_PORTS,
                                                    .limits = 1,
                                                    .blocks = 1,
                                                    .proving = 1,
                                                    .shunts = 1,
                                                    .shunt_every = 1024,
                                                    .shunt_ns = 1000000000,
                                                    .bypass = {1, {{22, PROTOCOL_TCP, 0}}}},
                                        .flows = 64,
                                        .timeout = UINT64_MAX};

/* Loads it, and counts the programs that cost too much. */
static int check_with(const struct path_settings *with, const char *name,
                      struct path_program *program)
{
    struct bpf_program *each;
    struct xdp_path *path;
    struct error error;
    int failures = 0;

    if (path_run_open(&path, program, with, NULL, &error) != 0) {
        printf("%s: %s\n", name, error.text);
        /* Old kernels have room for less, or can't run feature set 2, and the message says so. */
        return !strstr(error.text, "4 MiB for one value of a map on old kernels") &&
               !(xdp_kernel_before(5, 12) && strstr(error.text, "takes Linux 5.12"));
    }
    bpf_object__for_each_program(each, program->object)
    {
        uint32_t instructions = xdp_verified_instructions(each);

        if (!bpf_program__autoload(each))
            continue;
        printf("%-20s %-9s %-16s ", name, program->form, bpf_program__name(each));
        if (instructions == 0 && xdp_kernel_before(5, 16)) {
            printf("loaded (this kernel doesn't say how many instructions it verified)\n");
            continue;
        }
        printf("%7u instructions verified%s\n", instructions,
               instructions < INSTRUCTIONS_MOST ? "" : ", too many");
        failures += instructions == 0 || instructions >= INSTRUCTIONS_MOST;
    }
    path_run_close(path);
    return failures;
}

static int check(const char *name, struct path_program *program)
{
    return check_with(&settings, name, program);
}

/* The widest and deepest network: generated code as long as it gets. */
static int check_largest_network(uint64_t seed, uint32_t feature_set)
{
    static const uint32_t widths[NN_LAYERS_MAX] = {64, 64, 64, 64, 64, 64, 64, 64};
    const char *name = feature_set == FEATURE_SET_2 ? "nn 28-64×8" : "nn 12-64×8";
    struct nn_model *model = random_network(seed, feature_set, NN_LAYERS_MAX, widths);
    struct path_program *program;
    struct error error;
    int failures = 0;

    for (uint32_t form = 0; form < NN_FORMS; form++) {
        int status = /* -E2BIG, before anything is loaded, where a jump can't reach over the code */
            nn_kernel_new(&program, (enum nn_form)form, model, &error);

        if (status == 0) {
            failures += check(name, program);
        } else {
            printf("%s: %s\n", name, error.text);
            failures += form != NN_FORM_SINGLE || status != -E2BIG;
        }
    }
    free(model);
    return failures;
}

int main(void)
{
    struct path_program *none;
    struct lists *lists;
    struct blocked blocked;
    struct shunted shunted;
    struct error error;
    int failures;

    kernel_need_root();
    if (lists_open(&lists, &error) != 0 || blocked_open(&blocked, 1, &error) != 0 ||
        shunted_open(&shunted, 1, &error) != 0) {
        printf("%s\n", error.text);
        return 1;
    }
    settings.lists = lists;
    settings.blocked = &blocked;
    settings.shunted = &shunted;
    uint64_t seed = kernel_seed();
    struct path_settings tunnels = settings;
    tunnels.options.tunnels =
        (struct tunnel_options){TUNNELS_ALL, TUNNEL_KEY_TUNNEL | TUNNEL_KEY_VLAN};
    failures = path_none_new(&none, &error) != 0 || check("none", none);
    failures += path_none_new(&none, &error) != 0 || check_with(&tunnels, "none, tunnels", none);
    for (uint32_t which = 0; which < KERNEL_MODELS; which++) {
        struct kernel_model model;

        kernel_model_make(&model, which, seed + which);
        for (uint32_t form = 0; form < model.forms; form++) {
            struct path_program *program;

            if (model.open(&program, &model, form, &error) != 0) {
                printf("%s: %s\n", model.name, error.text);
                failures++;
                continue;
            }
            failures += check(model.name, program);
        }
        kernel_model_free(&model);
    }
    failures += check_largest_network(seed, FEATURE_SET_1);
    failures += check_largest_network(seed, FEATURE_SET_2);
    shunted_close(&shunted);
    blocked_close(&blocked);
    lists_close(lists);
    return failures != 0;
}
