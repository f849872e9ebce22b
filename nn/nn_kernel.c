// SPDX-License-Identifier: BSD-2-Clause
#include "nn_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "nn_emit.h"
#include "nn_pack.h"
#include "nn_splice.h"

#include "nn.skel.h"
#include "nn_hosts.skel.h"

enum { SINGLE_WEIGHTS = 3000 }; /* with which `single` takes as long as `loops` */

struct nn_kernel {
    struct path_program program;
    struct nn_kernel *next;   /* of those to be spliced, see splice */
    struct nn_model model;    /* NN_FORM_SINGLE: what is spliced in */
    struct nn_packed *packed; /* the others: scratch of fill_packed */
};

static int map_of(const struct path_program *program, const char *name)
{
    return bpf_map__fd(bpf_object__find_map_by_name(program->object, name));
}

static int write_map(const struct path_program *program, const char *name, uint32_t key,
                     const void *value, struct error *error)
{
    if (bpf_map_update_elem(map_of(program, name), &key, value, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "cannot write the map %s: %s", name, strerror(errno));
}

static int fill_packed(struct path_program *program, uint32_t generation, const void *model_,
                       struct error *error)
{
    struct nn_kernel *kernel = (struct nn_kernel *)program;
    const struct nn_model *model = model_;

    if (model->feature_set != program->feature_set)
        return error_set(error, -E2BIG, "the loaded program is for feature set %u",
                         program->feature_set);
    nn_pack(kernel->packed, model);
    return write_map(program, "nn_models", generation, kernel->packed, error);
}

static int link_steps(struct path_program *program, struct error *error)
{
    static const char *const names[NN_STEPS] = {"afxdp_nn_layer", "afxdp_nn_output"};
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < NN_STEPS; i++) {
        int step = bpf_program__fd(bpf_object__find_program_by_name(program->object, names[i]));
        status = write_map(program, "nn_steps", i, &step, error);
    }
    return status;
}

static int fill_tables(struct path_program *program, struct error *error)
{
    struct nn_tables *tables = malloc(sizeof(*tables));

    if (!tables)
        return error_set(error, -ENOMEM, "no memory");
    nn_tables_fill(tables, &((struct nn_kernel *)program)->model);
    int status = write_map(program, "nn_tables", 0, tables, error);
    free(tables);
    return status;
}

/* libbpf tells its callback the program and nothing of ours: these are searched. Like libbpf's
 * handlers it is for one thread at a time. */
static struct nn_kernel *to_splice;

static void destroy(struct path_program *program)
{
    struct nn_kernel **at = &to_splice;

    while (*at && &(*at)->program != program)
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
    free(((struct nn_kernel *)program)->packed);
    free(program);
}

static const struct nn_kernel *kernel_of(const struct bpf_program *program)
{
    for (const struct nn_kernel *k = to_splice; k; k = k->next) {
        if (bpf_object__find_program_by_name(k->program.object, k->program.entry) == program)
            return k;
    }
    return NULL;
}

/* libbpf calls this between making the maps and loading the program. */
static int splice(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
    const struct nn_kernel *kernel = kernel_of(program);
    struct nn_code_buffer inference = {0};
    struct nn_code_buffer whole = {0};

    (void)cookie;
    if (!kernel)
        return -ESRCH;
    int status =
        nn_emit(&inference, &kernel->model, map_of(&kernel->program, "nn_tables"), NN_SPLICE_STACK);

    if (status == 0)
        status = nn_splice(&whole, bpf_program__insns(program), bpf_program__insn_cnt(program),
                           &inference);
    if (status == 0)
        status = bpf_program__set_insns(program, whole.instruction, whole.count);
    free(inference.instruction);
    free(whole.instruction);
    /* They describe the compiled instructions. */
    options->func_info = options->line_info = NULL;
    options->func_info_cnt = options->line_info_cnt = 0;
    return status;
}

/* Refuses a network whose instructions a jump can't reach over. */
static int check_length(const struct nn_model *model, struct error *error)
{
    struct nn_code_buffer inference;
    int status = nn_emit(&inference, model, 0, NN_SPLICE_STACK);

    if (status != 0)
        return error_set(error, status, "no memory");
    free(inference.instruction);
    if (inference.count <= NN_SPLICE_MOST)
        return 0;
    return error_set(error, -E2BIG,
                     "the network is too large for a single program: it takes %zu instructions, "
                     "and a jump reaches over %d; use --kernel-form loops or tailcall",
                     inference.count, NN_SPLICE_MOST);
}

/* Has libbpf call splice for programs of our section. Never undone: libbpf keeps pointers to its
 * handlers in the programs. */
static int register_splice(void)
{
    static int handler = -1;
    LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = splice);

    if (handler < 0)
        handler =
            libbpf_register_prog_handler(NN_SPLICED_SECTION, BPF_PROG_TYPE_XDP, BPF_XDP, &options);
    return handler < 0 ? handler : 0;
}

/* What each form consists of, and what of the object it leaves out. */
struct form {
    const char *name;
    const char *entry;
    const char *left_out[8];
};

static const struct form forms[NN_FORMS] = {
    [NN_FORM_SINGLE] = {"single",
                        "afxdp_nn_single",
                        {"afxdp_nn_loops", "afxdp_nn_entry", "afxdp_nn_layer", "afxdp_nn_output",
                         "nn_models", "nn_steps"}},
    [NN_FORM_LOOPS] = {"loops",
                       "afxdp_nn_loops",
                       {"afxdp_nn_single", "afxdp_nn_entry", "afxdp_nn_layer", "afxdp_nn_output",
                        "nn_tables", "nn_steps"}},
    [NN_FORM_TAILCALL] = {"tailcall",
                          "afxdp_nn_entry",
                          {"afxdp_nn_single", "afxdp_nn_loops", "nn_tables"}},
};

enum nn_form nn_kernel_fastest(const struct nn_model *model)
{
    uint32_t weights = 0;

    for (uint32_t l = 0; l < model->layer_count; l++)
        weights += model->layers[l].inputs * model->layers[l].outputs;
    return weights > SINGLE_WEIGHTS ? NN_FORM_LOOPS : NN_FORM_SINGLE;
}

int nn_kernel_new(struct path_program **out, enum nn_form form, const struct nn_model *model,
                  struct error *error)
{
    struct nn_kernel *kernel = calloc(1, sizeof(*kernel));
    size_t size;
    const void *bytes = model->feature_set == FEATURE_SET_2 ? nn_hosts_bpf__elf_bytes(&size)
                                                            : nn_bpf__elf_bytes(&size);

    if (!kernel)
        return error_set(error, -ENOMEM, "no memory");
    struct path_program *program = &kernel->program;
    *program = (struct path_program){
        .entry = forms[form].entry,
        .form = forms[form].name,
        .feature_set = model->feature_set,
        .destroy = destroy,
    };
    int status = 0;
    if (form == NN_FORM_SINGLE) {
        status = check_length(model, error);
        if (status != 0) {
            free(kernel);
            return status;
        }
        kernel->model = *model;
        program->loaded = fill_tables;
        status = register_splice();
        kernel->next = to_splice;
        to_splice = kernel;
    } else {
        program->fill = fill_packed;
        program->loaded = form == NN_FORM_TAILCALL ? link_steps : NULL;
        kernel->packed = malloc(sizeof(*kernel->packed));
        status = kernel->packed ? 0 : -ENOMEM;
    }
    if (status != 0)
        error_set(error, status, "cannot prepare the %s program: %s", forms[form].name,
                  strerror(-status));
    else
        status = path_program_open(program, bytes, size, forms[form].left_out, error);
    if (status != 0) {
        path_program_free(program);
        return status;
    }
    *out = program;
    return 0;
}
