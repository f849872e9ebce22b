// SPDX-License-Identifier: BSD-2-Clause
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "messages.h"

enum {
    LOG_SIZE = 16 << 20, /* libbpf logs only once loading has failed; the kernel wants it whole */
    LOG_LINES = 3,
};

/* What the kernel's last words or its errno tell of the limits that a program runs into. */
static const char *limit_of(const char *log, int status)
{
    if (strstr(log, "BPF program is too large"))
        return "; limit: 1,000,000 instructions walked by the verifier";
    if (strstr(log, "The sequence of") && strstr(log, "jumps is too complex"))
        return "; limit: 8,192 pending branches";
    if (strstr(log, "combined stack size"))
        return "; limit: 512 bytes of stack";
    if (status == -E2BIG)
        return "; limit: the program's length, 4,096 instructions before kernel 5.2";
    if (status == -ENOMEM)
        return "; limit: memory for maps; see --flows, and ulimit -l before kernel 5.11";
    return "";
}

/* The log's last lines, without the summary of states, joined to one. */
static void last_lines(char *out, size_t size, char *log)
{
    char *line[LOG_LINES] = {NULL};
    size_t count = 0;
    size_t used = 0;

    out[0] = '\0';
    for (char *end = log + strlen(log); end > log && count < LOG_LINES;) {
        char *start = end;

        *end = '\0';
        while (start > log && start[-1] != '\n')
            start--;
        if (*start)
            line[count++] = start;
        end = start > log ? start - 1 : log;
    }
    while (count-- > 0 && used < size)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%.120s", used ? " | " : "", line[count]);
}

static int refused(struct bpf_object *object, char *log, int status, struct error *error)
{
    const char *name = "?";
    struct bpf_program *program;
    char lines[384];

    bpf_object__for_each_program(program, object)
    {
        if (bpf_program__autoload(program) && bpf_program__fd(program) < 0) {
            name = bpf_program__name(program);
            break;
        }
    }
    const char *limit = limit_of(log, status);
    last_lines(lines, sizeof(lines), log);
    if (!lines[0])
        return error_set(error, status, "cannot load the XDP program: %s (%s)%s", strerror(-status),
                         xdp_messages_last(), limit);
    return error_set(error, status, "the kernel refused the XDP program %s: %s%s; it said: %s",
                     name, strerror(-status), limit, lines);
}

int xdp_load(struct bpf_object *object, struct error *error)
{
    char *log = calloc(1, LOG_SIZE);
    struct bpf_program *program;

    if (!log)
        return error_set(error, -ENOMEM, "no memory for the verifier's log");
    xdp_messages_begin();
    bpf_object__for_each_program(program, object)(void)
        bpf_program__set_log_buf(program, log, LOG_SIZE);
    int status = bpf_object__load(object);
    if (status != 0)
        refused(object, log, status, error);
    bpf_object__for_each_program(program, object)(void) bpf_program__set_log_buf(program, NULL, 0);
    free(log);
    return status;
}

uint32_t xdp_verified_instructions(const struct bpf_program *program)
{
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);

    return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0 ? info.verified_insns
                                                                               : 0;
}
