// SPDX-License-Identifier: BSD-2-Clause
/* What the running kernel and its environment are like. */
#include "attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>

const char *xdp_means_name(enum xdp_means means)
{
    static const char *const names[] = {"none", "bpf_link", "libxdp", "netlink"};

    return names[means];
}

const char *xdp_bpffs(void)
{
    const char *path = getenv("LIBXDP_BPFFS");

    return path && path[0] ? path : "/sys/fs/bpf";
}

bool xdp_frags_known(void)
{
    struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
    int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "afxdp_probe", "GPL", program, 2, &options);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool xdp_kernel_before(int major, int minor)
{
    struct utsname name;
    int release[2] = {0, 0};

    if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &release[0], &release[1]) != 2)
        return false;
    return release[0] < major || (release[0] == major && release[1] < minor);
}
