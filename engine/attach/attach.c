// SPDX-License-Identifier: BSD-2-Clause
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <linux/magic.h>

#include "attached.h"
#include "claim.h"
#include "dispatcher.h"
#include "load.h"
#include "messages.h"

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

static uint32_t mode_flag(const struct xdp_attachment *a)
{
    return a->skb ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

static void pin_folder(char *folder, size_t size)
{
    snprintf(folder, size, "%.64s/afxdp-engine", xdp_bpffs());
}

static void remove_pin(const struct xdp_attachment *a)
{
    char folder[sizeof(a->pin)];

    unlink(a->pin);
    pin_folder(folder, sizeof(folder));
    (void)rmdir(folder); /* the last one does */
}

/* Interfaces of several network namespaces may have one number and share one bpffs. */
static void pin_path(struct xdp_attachment *a)
{
    struct stat space = {0};

    (void)stat("/proc/self/ns/net", &space);
    snprintf(a->pin, sizeof(a->pin), "%.64s/afxdp-engine/%llu-%d", xdp_bpffs(),
             (unsigned long long)space.st_ino, a->ifindex);
}

static int need_bpffs(const struct xdp_attachment *a, struct error *error)
{
    struct statfs filesystem;

    if (statfs(xdp_bpffs(), &filesystem) == 0 && filesystem.f_type == BPF_FS_MAGIC)
        return 0;
    return error_set(error, -ENOTDIR,
                     "%s: the program is to stay attached when the engine ends, which needs a "
                     "bpffs, and %s is none: mount -t bpf bpf %s",
                     a->interface, xdp_bpffs(), xdp_bpffs());
}

/* Opens the link that an engine before us pinned for this interface, if there is one and it still
 * is what carries the attached program. */
static void find_pinned(struct xdp_attachment *a, const struct xdp_attached *attached)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof(info);
    int link = bpf_obj_get(a->pin);

    if (link < 0)
        return;
    if (bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.type == BPF_LINK_TYPE_XDP &&
        info.xdp.ifindex == (uint32_t)a->ifindex && info.prog_id == attached->id &&
        attached->id != 0) {
        a->link = link;
        return;
    }
    close(link); /* its interface is gone, and its number was given to another */
    remove_pin(a);
}

static int blocked(const struct xdp_attachment *a, const struct xdp_attached *attached,
                   struct error *error)
{
    if (attached->ours)
        return error_set(error, -EBUSY,
                         "%s: an earlier engine's program (id %u) is held there by a bpf_link that "
                         "isn't pinned at %s; see: bpftool link show",
                         a->interface, attached->id, a->pin);
    return error_set(error, -EBUSY,
                     "%s: another XDP program is attached: %s (id %u, %s mode), and it is left "
                     "alone; see: bpftool net show dev %s",
                     a->interface, attached->name[0] ? attached->name : "of unknown name",
                     attached->id, attached->skb ? "generic" : "native", a->interface);
}

/* Replaces what netlink left. The kernel compares the program once more. */
static int remove_netlink_leftover(const struct xdp_attached *attached, int ifindex)
{
    LIBBPF_OPTS(bpf_xdp_attach_opts, options);
    int program = bpf_prog_get_fd_by_id(attached->id);

    if (program < 0)
        return -errno;
    options.old_prog_fd = program;
    int status =
        bpf_xdp_detach(ifindex, attached->skb ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, &options);
    close(program);
    return status;
}

/* Looks at what is attached and settles how ours gets there. */
static int settle_means(struct xdp_attachment *a, struct error *error)
{
    struct xdp_attached attached;
    int removed = 0;
    int status = xdp_attached_query(a->ifindex, &attached);

    if (status == 0 && attached.dispatcher && xdp_dispatcher_clean(a->ifindex, &removed) == 0 &&
        removed > 0) {
        a->replaced = true;
        status = xdp_attached_query(a->ifindex, &attached);
    }
    if (status != 0)
        return error_set(error, status, "%s: cannot ask for its XDP program: %s", a->interface,
                         strerror(-status));
    find_pinned(a, &attached);
    if (a->link >= 0) {
        a->replaced = true;
        if (a->stay && a->skb == attached.skb && a->means != XDP_MEANS_NETLINK) {
            a->means = XDP_MEANS_LINK; /* xdp_attach swaps the programs */
            return 0;
        }
        remove_pin(a);
        close(a->link);
        a->link = -1;
    } else if (attached.dispatcher && a->means != XDP_MEANS_NETLINK) {
        a->means = XDP_MEANS_DISPATCHER;
        a->frags = a->frags && xdp_dispatcher_has_frags(a->ifindex);
        return 0;
    } else if (attached.id != 0) {
        if (!attached.ours || remove_netlink_leftover(&attached, a->ifindex) != 0)
            return blocked(a, &attached, error);
        a->replaced = true;
    }
    if (a->means == XDP_MEANS_AUTO)
        a->means = XDP_MEANS_LINK;
    return 0;
}

static int load(struct xdp_attachment *a, struct error *error)
{
    bool joins = a->means == XDP_MEANS_DISPATCHER;
    uint32_t flags = bpf_program__flags(a->program);
    int status;

    a->frags = a->frags && xdp_frags_known();
    flags = a->frags ? flags | BPF_F_XDP_HAS_FRAGS : flags & ~(uint32_t)BPF_F_XDP_HAS_FRAGS;
    bpf_program__set_flags(a->program, flags);
    status = joins ? xdp_dispatcher_create_maps(a->object) : xdp_load(a->object, error);
    a->loaded = status == 0 && !joins;
    if (status == -EPERM)
        return error_set(
            error, status,
            "%s: loading the XDP program was refused: run as root, or with CAP_BPF and "
            "CAP_NET_ADMIN",
            a->interface);
    if (status != 0 && joins)
        return error_set(error, status, "%s: cannot load the XDP program: %s (%s)", a->interface,
                         strerror(-status), xdp_messages_last());
    if (status != 0)
        return error_prefix(error, status, "%s", a->interface);
    if (a->loaded)
        a->marker = xdp_program_mark(bpf_program__fd(a->program));
    return 0;
}

int xdp_prepare(struct xdp_attachment **out, const struct xdp_request *request, struct error *error)
{
    struct xdp_attachment *a = calloc(1, sizeof(*a));
    pid_t owner = 0;
    int status;

    if (!a)
        return error_set(error, -ENOMEM, "out of memory");
    xdp_messages_begin();
    a->claim = a->link = a->marker = -1;
    a->skb = request->skb;
    a->stay = request->stay;
    a->frags = request->frags;
    a->means = request->means;
    a->object = request->object;
    a->program = bpf_object__find_program_by_name(request->object, request->program);
    snprintf(a->interface, sizeof(a->interface), "%s", request->interface);
    a->ifindex = (int)if_nametoindex(request->interface);
    status = -ENODEV;
    if (a->ifindex == 0)
        error_set(error, status, "%s: no such interface; see: ip link", request->interface);
    else
        status = 0;
    if (status == 0 && !a->program)
        status = error_set(error, -EINVAL, "%s: no such XDP program", request->program);
    if (status == 0)
        status = a->claim = xdp_claim(a->ifindex, &owner);
    if (status == -EBUSY)
        error_set(error, status, "%s: another afxdp-engine has it (process %d)", a->interface,
                  (int)owner);
    if (status >= 0) {
        pin_path(a);
        status = a->stay ? need_bpffs(a, error) : 0;
    }
    if (status == 0)
        status = settle_means(a, error);
    if (status == 0)
        status = load(a, error);
    if (status < 0) {
        xdp_leave(a);
        return status;
    }
    *out = a;
    return 0;
}

static int attach_link(struct xdp_attachment *a)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode_flag(a));
    int program = bpf_program__fd(a->program);

    if (a->link >= 0)
        return bpf_link_update(a->link, program, NULL) == 0 ? 0 : -errno;
    a->link = bpf_link_create(program, a->ifindex, BPF_XDP, &options);
    if (a->link < 0)
        return -errno;
    if (!a->stay)
        return 0;

    char folder[sizeof(a->pin)];
    pin_folder(folder, sizeof(folder));
    (void)mkdir(folder, 0700);
    return bpf_obj_pin(a->link, a->pin) == 0 ? 0 : -errno;
}

static int attach_netlink(const struct xdp_attachment *a)
{
    return bpf_xdp_attach(a->ifindex, bpf_program__fd(a->program),
                          mode_flag(a) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
}

static int attach_dispatcher(struct xdp_attachment *a)
{
    int status = xdp_dispatcher_join(&a->joined, a->object, bpf_program__name(a->program),
                                     a->ifindex, a->skb);

    if (status == 0) {
        a->loaded = true;
        a->marker = xdp_program_mark(xdp_dispatcher_program_fd(a->joined));
    }
    return status;
}

static const char *attach_hint(const struct xdp_attachment *a, int status)
{
    if (a->means == XDP_MEANS_DISPATCHER && status == -EINVAL)
        return "the dispatcher of libxdp before 1.5 takes no program that moves packet data, as "
               "handing over arrival times does: --timestamps burst does without";
    switch (status) {
    case -EOPNOTSUPP:
        return a->skb ? "the interface takes no XDP program"
                      : "its driver has no native XDP; --mode skb runs the program in the kernel's "
                        "generic path, slower";
    case -EINVAL:
    case -ERANGE:
    case -E2BIG:
        return "the driver refused it: often an MTU above what it can do with XDP, LRO, or too "
               "many channels; see: dmesg";
    case -ENOSPC:
        return "a veth needs as many RX queues as its peer has TX queues";
    case -EBUSY:
        return "something else attached a program just now";
    case -EPERM:
        return "CAP_NET_ADMIN is missing";
    default:
        return xdp_messages_last();
    }
}

int xdp_attach(struct xdp_attachment *a, struct error *error)
{
    int status;

    xdp_messages_begin();
    switch (a->means) {
    case XDP_MEANS_DISPATCHER:
        status = attach_dispatcher(a);
        break;
    case XDP_MEANS_NETLINK:
        status = attach_netlink(a);
        break;
    default:
        status = attach_link(a);
        if (status == -EINVAL && xdp_kernel_before(5, 9)) {
            a->means = XDP_MEANS_NETLINK;
            status = attach_netlink(a);
        }
    }
    a->attached = status == 0;
    if (a->attached)
        return 0;
    return error_set(error, status, "%s: cannot attach the XDP program in %s mode by %s: %s (%s)",
                     a->interface, a->skb ? "generic" : "native", xdp_means_name(a->means),
                     strerror(-status), attach_hint(a, status));
}

int xdp_program_fd(const struct xdp_attachment *a)
{
    return a->joined ? xdp_dispatcher_program_fd(a->joined) : bpf_program__fd(a->program);
}

static void free_attachment(struct xdp_attachment *a)
{
    const int descriptors[] = {a->link, a->marker, a->claim};

    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    free(a);
}

void xdp_detach(struct xdp_attachment *a)
{
    if (!a)
        return;
    if (a->attached && a->means == XDP_MEANS_DISPATCHER) {
        xdp_dispatcher_part(a->joined, a->ifindex, a->skb);
    } else if (a->attached && a->means == XDP_MEANS_NETLINK) {
        LIBBPF_OPTS(bpf_xdp_attach_opts, options);
        options.old_prog_fd = bpf_program__fd(a->program);
        (void)bpf_xdp_detach(a->ifindex, mode_flag(a), &options);
    } else if (a->attached) {
        if (a->stay)
            remove_pin(a);
        (void)bpf_link_detach(a->link);
    }
    free_attachment(a);
}

void xdp_leave(struct xdp_attachment *a)
{
    if (!a)
        return;
    if (a->attached && !a->stay) {
        xdp_detach(a);
        return;
    }
    if (a->joined)
        xdp_dispatcher_forget(a->joined);
    free_attachment(a);
}
