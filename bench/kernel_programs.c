// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "kernel_programs.h"

#include "lru.skel.h"

static void destroy(struct path_program *program)
{
    free(program);
}

static int open_one(struct path_program **out, const char *entry, const char *form,
                    const char *unused, struct error *error)
{
    struct path_program *program = calloc(1, sizeof(*program));
    const char *const left_out[] = {unused, NULL};
    size_t size;
    const void *bytes = lru_bpf__elf_bytes(&size);

    if (!program)
        return error_set(error, -ENOMEM, "no memory");
    *program = (struct path_program){
        .entry = entry, .form = form, .feature_set = FEATURE_SET_1, .destroy = destroy};
    int status = path_program_open(program, bytes, size, left_out, error);
    if (status != 0) {
        path_program_free(program);
        return status;
    }
    *out = program;
    return 0;
}

int kernel_drop_new(struct path_program **out, struct error *error)
{
    return open_one(out, "afxdp_drop", "drop", "afxdp_lru", error);
}

int kernel_lru_new(struct path_program **out, struct error *error)
{
    return open_one(out, "afxdp_lru", "lru-hash", "afxdp_drop", error);
}
