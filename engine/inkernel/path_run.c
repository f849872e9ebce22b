// SPDX-License-Identifier: BSD-2-Clause
#include "path_run.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "load.h"

enum { FRAME_MAX = 1 << 16 };

int path_run_open(struct xdp_path **out, struct path_program *program,
                  const struct path_settings *settings, const struct xdp_path *shared,
                  struct error *error)
{
    int status = path_configure(program, settings, error);

    if (status == 0 && shared)
        status = path_share(shared, program, error);
    if (status == 0)
        status = xdp_load(program->object, error);
    if (status == 0)
        status = path_open(out, program, settings, error);
    if (status != 0)
        path_program_free(program);
    return status;
}

void path_run_close(struct xdp_path *path)
{
    if (!path)
        return;
    struct path_program *program = path->program;
    path_close(path);
    path_program_free(program);
}

int path_run_frame(const struct xdp_path *path, const struct path_frame *frame)
{
    static _Thread_local struct {
        struct path_stamp stamp;
        uint8_t data[FRAME_MAX];
    } in;
    const uint32_t meta = sizeof(in.stamp);

    if (frame->length > sizeof(in.data))
        return -EMSGSIZE;
    struct xdp_md context = {.data = meta, .data_end = meta + frame->length};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &in, .data_size_in = meta + frame->length,
                .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);

    in.stamp = (struct path_stamp){.time = frame->time, .wire_length = frame->wire_length};
    memcpy(in.data, frame->data, frame->length);
    if (bpf_prog_test_run_opts(path_entry_fd(path), &options) != 0)
        return -errno;
    return (int)options.retval;
}

int path_run_repeat(const struct xdp_path *path, const void *data, uint32_t length, uint32_t repeat,
                    uint32_t *nanoseconds)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data, .data_size_in = length,
                .repeat = (int)repeat);

    if (bpf_prog_test_run_opts(path_entry_fd(path), &options) != 0)
        return -errno;
    *nanoseconds = options.duration;
    return 0;
}
