// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "messages.h"
#include "path.h"

#include "path.skel.h"

int path_program_open(struct path_program *program, const void *bytes, size_t size,
                      const char *const *left_out, struct error *error)
{
    xdp_messages_begin();
    program->object = bpf_object__open_mem(bytes, size, NULL);
    if (!program->object)
        return xdp_open_failed("the XDP object", error);
    (void)bpf_program__set_autoload(bpf_object__find_program_by_name(program->object, PATH_TUNNELS),
                                    false);
    (void)bpf_map__set_autocreate(bpf_object__find_map_by_name(program->object, PATH_INNER), false);
    for (; left_out && *left_out; left_out++) {
        struct bpf_program *unused = bpf_object__find_program_by_name(program->object, *left_out);
        struct bpf_map *map = bpf_object__find_map_by_name(program->object, *left_out);

        if (unused)
            (void)bpf_program__set_autoload(unused, false);
        if (map)
            (void)bpf_map__set_autocreate(map, false);
    }
    return 0;
}

void path_program_free(struct path_program *program)
{
    if (!program)
        return;
    if (program->generation)
        munmap((void *)program->generation, sizeof(*program->generation));
    bpf_object__close(program->object);
    program->destroy(program);
}

static void destroy_none(struct path_program *program)
{
    free(program);
}

int path_none_new(struct path_program **out, struct error *error)
{
    struct path_program *program = calloc(1, sizeof(*program));
    size_t size;

    if (!program)
        return error_set(error, -ENOMEM, "no memory");
    *program = (struct path_program){.entry = "afxdp_none",
                                     .form = "none",
                                     .feature_set = FEATURE_SET_1,
                                     .destroy = destroy_none};
    const void *bytes = path_bpf__elf_bytes(&size);
    int status = path_program_open(program, bytes, size, NULL, error);
    if (status != 0) {
        path_program_free(program);
        return status;
    }
    *out = program;
    return 0;
}
