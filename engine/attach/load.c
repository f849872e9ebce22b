// SPDX-License-Identifier: BSD-2-Clause
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <net/if.h>

#include "messages.h"
#include "rights.h"
#include "verifier_log.h"

/* linux/bpf.h of kernel 6.3: the program may call the driver's metadata functions. */
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6)
#endif

enum {
    LOG_SIZE = 16 << 20, /* libbpf logs only once loading has failed; the kernel wants it whole */
};

/* What the kernel's last words, libbpf's `message` or the errno tell of the limits that a program
 * runs into. */
static const char *limit_of(const char *log, const char *message, int status)
{
    if (strstr(log, "BPF program is too large"))
        return "; limit: 1,000,000 instructions walked by the verifier";
    if (strstr(log, "The sequence of") && strstr(log, "jumps is too complex"))
        return "; limit: 8,192 pending branches";
    if (strstr(log, "combined stack size"))
        return "; limit: 512 bytes of stack";
    if (status == -E2BIG && strstr(message, "failed to create"))
        return "; limit: 4 MiB for one value of a map on old kernels (5.10; 6.1 takes more)";
    if (status == -E2BIG)
        return "; limit: the program's length, 4,096 instructions before kernel 5.2";
    if (status == -ENOSPC)
        return "; the reason is lost: the verifier's log went beyond 16 MiB";
    if (status == -ENOMEM)
        return "; limit: memory for maps; see --flows, and ulimit -l before kernel 5.11";
    return "";
}

/* Capabilities of this process, of which the kernel's verifier lets a program compare and subtract
 * pointers only with the second (kernel 5.8). */
static bool lacks_perfmon(void)
{
    uint64_t has = rights_effective();

    return has >> CAP_BPF & 1 && !(has >> CAP_PERFMON & 1) && !(has >> CAP_SYS_ADMIN & 1);
}

int xdp_not_permitted(struct error *error)
{
    return error_set(error, -EPERM,
                     "loading the XDP program was refused: run as root, or with CAP_BPF and "
                     "CAP_NET_ADMIN");
}

static int refused(struct bpf_object *object, const char *log, int status, struct error *error)
{
    const char *name = "?";
    struct bpf_program *program;
    char reason[384];

    bpf_object__for_each_program(program, object)
    {
        if (bpf_program__autoload(program) && bpf_program__fd(program) < 0) {
            name = bpf_program__name(program);
            break;
        }
    }
    const char *limit = limit_of(log, xdp_messages_last(), status);
    verifier_log_reason(reason, sizeof(reason), log);
    if (reason[0] && (status == -EACCES || status == -EPERM || status == -EINVAL) &&
        lacks_perfmon())
        return error_set(error, -EPERM,
                         "the XDP program %s needs CAP_PERFMON, beside CAP_BPF and CAP_NET_ADMIN; "
                         "the kernel said: %s",
                         name, reason);
    if (status == -EPERM)
        return xdp_not_permitted(error);
    if (!reason[0])
        return error_set(error, status, "cannot load the XDP program: %s (%s)%s", strerror(-status),
                         xdp_messages_last(), limit);
    return error_set(error, status, "the kernel refused the XDP program %s: %s%s; it said: %s",
                     name, strerror(-status), limit, reason);
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
        status = refused(object, log, status, error);
    bpf_object__for_each_program(program, object)(void) bpf_program__set_log_buf(program, NULL, 0);
    free(log);
    return status;
}

void xdp_bind_to_device(struct bpf_program *program, const char *interface)
{
    bpf_program__set_ifindex(program, if_nametoindex(interface));
    bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_DEV_BOUND_ONLY);
}

uint32_t xdp_verified_instructions(const struct bpf_program *program)
{
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);

    return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0 ? info.verified_insns
                                                                               : 0;
}
