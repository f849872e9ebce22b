// SPDX-License-Identifier: BSD-2-Clause
#include "attach_lab.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "redirect_abi.h"

#include "pass.skel.h"
#include "redirect.skel.h"

char lab_bpffs[] = "/tmp/afxdp-attach-XXXXXX";

int prepare_on(struct try *try, const char *interface, struct kind kind)
{
    *try = (struct try){0};
    if (kind.redirect)
        assert_non_null(try->redirect = redirect_bpf__open());
    else
        assert_non_null(try->pass = pass_bpf__open());
    if (kind.redirect)
        bpf_program__set_autoload(try->redirect->progs.afxdp_unstamped, false);
    const struct xdp_request request = {
        .interface = interface,
        .object = kind.redirect ? try->redirect->obj : try->pass->obj,
        .program = kind.redirect ? "afxdp_redirect" : "afxdp_pass",
        .stay = kind.stay,
        .skb = kind.skb,
        .frags = true,
        .means = kind.means,
        .fail_closed = kind.fail_closed,
        .other_ifindex = kind.stay && !kind.fail_closed ? 7 : 0,
    };
    return xdp_prepare(&try->attachment, &request, &try->error);
}

void forget(struct try *try)
{
    pass_bpf__destroy(try->pass);
    redirect_bpf__destroy(try->redirect);
}

int prepare(struct try *try, bool stay, bool skb, enum xdp_means means)
{
    const struct kind kind = {.stay = stay, .skb = skb, .means = means};
    int status = prepare_on(try, PORT, kind);

    if (status != 0)
        forget(try);
    return status;
}

void attach(struct try *try, bool stay, bool skb, enum xdp_means means)
{
    assert_int_equal(prepare(try, stay, skb, means), 0);
    assert_true(try->attachment->loaded);
    assert_int_equal(xdp_attach(try->attachment, &try->error), 0);
    xdp_commit(try->attachment);
}

void detach(struct try *try)
{
    xdp_detach(try->attachment);
    forget(try);
}

struct xdp_attached what_is_on(const char *interface)
{
    struct xdp_attached attached;

    assert_int_equal(xdp_attached_query((int)if_nametoindex(interface), &attached), 0);
    return attached;
}

struct xdp_attached what(void)
{
    return what_is_on(PORT);
}

void in_child(void (*does)(const void *), const void *with)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0) {
        does(with);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

void attach_kind(const void *with)
{
    const struct kind *kind = with;
    struct try try;

    if (prepare_on(&try, PORT, *kind) != 0 || xdp_attach(try.attachment, &try.error) != 0) {
        fprintf(stderr, "%s\n", try.error.text);
        _exit(1);
    }
    xdp_commit(try.attachment);
}

void die_attached(bool stay, bool skb, enum xdp_means means)
{
    const struct kind kind = {.stay = stay, .skb = skb, .means = means};

    in_child(attach_kind, &kind);
}

void wait_until_bare(void)
{
    for (int i = 0; i < 500 && what().id != 0; i++)
        usleep(10000);
    assert_int_equal(what().id, 0);
}

char *link_pin(void)
{
    static char path[256];
    DIR *folders = opendir(lab_bpffs);
    const struct dirent *d;
    struct stat made;

    path[0] = 0;
    while ((d = readdir(folders)) != NULL) {
        char inside[128];
        DIR *files;
        const struct dirent *f;

        snprintf(inside, sizeof(inside), "%s/%.64s", lab_bpffs, d->d_name);
        if (d->d_name[0] == '.' || lstat(inside, &made) != 0 || made.st_uid != 0 ||
            !S_ISDIR(made.st_mode) || (files = opendir(inside)) == NULL)
            continue;
        while ((f = readdir(files)) != NULL)
            if (strstr(f->d_name, "-link"))
                snprintf(path, sizeof(path), "%s/%.64s", inside, f->d_name);
        closedir(files);
    }
    closedir(folders);
    return path;
}

uint32_t pinned_program(void)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof(info);
    int link = bpf_obj_get(link_pin());

    if (link < 0)
        return 0;
    assert_int_equal(bpf_obj_get_info_by_fd(link, &info, &size), 0);
    close(link);
    return info.prog_id;
}

void clear_port(void)
{
    struct try try;

    attach(&try, false, false, XDP_MEANS_AUTO);
    detach(&try);
    assert_int_equal(what().id, 0);
    assert_string_equal(link_pin(), "");
}

void leave_behind(const struct kind *left, struct xdp_attached *before, uint32_t *pinned)
{
    in_child(attach_kind, left);
    if (!left->stay && left->means != XDP_MEANS_NETLINK)
        wait_until_bare();
    *before = what();
    *pinned = pinned_program();
    assert_int_equal(*pinned != 0, left->stay);
}

void assert_is_as_before(const struct xdp_attached *before, uint32_t pinned)
{
    assert_int_equal(what().id, before->id);
    assert_int_equal(what().skb, before->skb);
    assert_int_equal(pinned_program(), pinned);
}

void run(const char *command)
{
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command, as root
}

bool lab_enter(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || !mkdtemp(lab_bpffs) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("bpf", lab_bpffs, "bpf", 0, NULL) != 0 ||
        mount("run", "/run", "tmpfs", 0, "mode=755") != 0 ||
        // NOLINTNEXTLINE(cert-env33-c): a fixed command
        system("ip link add " PORT " type veth && ip link set " PORT " up") != 0)
        goto missing;
    return setenv("LIBXDP_BPFFS", lab_bpffs, 1) == 0;
missing:
    printf("skipped: no namespace with a veth and a bpffs here: %s\n", strerror(errno));
    return false;
}

int lab_leave(void **state)
{
    (void)state;
    umount2(lab_bpffs, MNT_DETACH);
    return rmdir(lab_bpffs);
}
