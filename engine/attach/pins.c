// SPDX-License-Identifier: BSD-2-Clause
#include "pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/magic.h>

#include "attach.h"
#include "claim.h"
#include "run_folder.h"

#define FOLDER "afxdp-engine"

static const char *const suffixes[XDP_PINS] = {"link", "program", "marker"};

static void pin_path(char path[PATH_MAX], const char *folder, const char *name, enum xdp_pin which)
{
    snprintf(path, PATH_MAX, "%s/%s-%s", folder, name, suffixes[which]);
}

static bool is_ours(const char *folder)
{
    struct stat made;

    return lstat(folder, &made) == 0 && run_folder_is_safe(&made);
}

/* Where a stranger has the plain name: one of ours that begins with it. */
static bool find_other(struct xdp_pins *pins)
{
    DIR *files = opendir(xdp_bpffs());
    const struct dirent *file;
    bool found = false;

    while (files && !found && (file = readdir(files)) != NULL) {
        if (strncmp(file->d_name, FOLDER "-", strlen(FOLDER "-")) != 0)
            continue;
        snprintf(pins->folder, sizeof(pins->folder), "%s/%.64s", xdp_bpffs(), file->d_name);
        found = is_ours(pins->folder);
    }
    if (files)
        closedir(files);
    return found;
}

/* The kernel forgets the interface of a link once it is gone. */
static bool link_is_dead(const char *path)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof(info);
    int link = bpf_obj_get(path);

    if (link < 0)
        return false;
    bool dead = bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.type == BPF_LINK_TYPE_XDP &&
                info.xdp.ifindex == 0;
    close(link);
    return dead;
}

/* From the folder that is held, or by its path. */
static void remove_named(const struct xdp_pins *pins, const char *name)
{
    char path[PATH_MAX];

    for (int which = XDP_PINS - 1; which >= 0; which--) {
        if (pins->held < 0)
            pin_path(path, pins->folder, name, (enum xdp_pin)which);
        else
            snprintf(path, sizeof(path), "%s-%s", name, suffixes[which]);
        (void)unlinkat(pins->held, path, 0);
    }
}

static void reap(const struct xdp_pins *pins)
{
    DIR *files = opendir(pins->folder);
    const struct dirent *file;
    char path[PATH_MAX];

    while (files && (file = readdir(files)) != NULL) {
        char name[sizeof(pins->name)];
        const char *suffix = strrchr(file->d_name, '-');

        if (!suffix || strcmp(suffix + 1, suffixes[XDP_PIN_LINK]) != 0)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(suffix - file->d_name), file->d_name);
        pin_path(path, pins->folder, name, XDP_PIN_LINK);
        if (link_is_dead(path))
            remove_named(pins, name);
    }
    if (files)
        closedir(files);
}

void xdp_pins_find(struct xdp_pins *pins, int ifindex)
{
    pins->held = -1;
    xdp_claim_name(pins->name, sizeof(pins->name), ifindex);
    snprintf(pins->folder, sizeof(pins->folder), "%s/" FOLDER, xdp_bpffs());
    if (!is_ours(pins->folder) && !find_other(pins)) {
        pins->folder[0] = 0;
        return;
    }
    reap(pins);
}

static int check_bpffs(struct error *error)
{
    struct statfs filesystem;
    struct stat root;

    if (strlen(xdp_bpffs()) > sizeof(((struct xdp_pins *)0)->folder) - 80)
        return error_set(error, -ENAMETOOLONG, "LIBXDP_BPFFS: a path of %zu letters is too long",
                         strlen(xdp_bpffs()));
    if (statfs(xdp_bpffs(), &filesystem) != 0 || filesystem.f_type != BPF_FS_MAGIC ||
        stat(xdp_bpffs(), &root) != 0)
        return error_set(error, -ENOTDIR,
                         "the program is to stay attached when the engine ends, which needs a "
                         "bpffs, and %s is none: mount -t bpf bpf %s",
                         xdp_bpffs(), xdp_bpffs());
    if (run_folder_is_sticky_or_safe(&root))
        return 0;
    return error_set(error, -EPERM,
                     "%s belongs to user %u with mode %o, so others could remove what is to stay "
                     "there: chown root %s && chmod 700 %s",
                     xdp_bpffs(), root.st_uid, root.st_mode & 07777, xdp_bpffs(), xdp_bpffs());
}

static int make(const char *folder)
{
    int status = mkdir(folder, 0700) == 0 ? 0 : -errno;

    return status == -EEXIST && is_ours(folder) ? 0 : status;
}

/* A folder of root's becomes the user's that the engine has become, so that it can clear up. */
static void hold(struct xdp_pins *pins)
{
    struct stat made;
    int folder = open(pins->folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (folder < 0)
        return;
    xdp_pins_close(pins);
    pins->held = folder;
    if (geteuid() != 0 && fstat(pins->held, &made) == 0 && made.st_uid == 0)
        (void)!fchownat(pins->held, "", geteuid(), getegid(), AT_EMPTY_PATH);
}

int xdp_pins_make(struct xdp_pins *pins, struct error *error)
{
    unsigned number = 0;
    int status = check_bpffs(error);

    if (status == 0 && pins->folder[0])
        hold(pins);
    if (status != 0 || pins->folder[0])
        return status;
    snprintf(pins->folder, sizeof(pins->folder), "%s/" FOLDER, xdp_bpffs());
    status = make(pins->folder);
    if (status == -EEXIST && getrandom(&number, sizeof(number), 0) == sizeof(number)) {
        snprintf(pins->folder, sizeof(pins->folder), "%s/" FOLDER "-%08x", xdp_bpffs(), number);
        status = make(pins->folder);
    }
    if (status == 0) {
        hold(pins);
        return 0;
    }
    error_set(error, status, "%s can't be made: %s", pins->folder, strerror(-status));
    pins->folder[0] = 0;
    return status;
}

int xdp_pins_get(const struct xdp_pins *pins, enum xdp_pin which)
{
    char path[PATH_MAX];

    if (!pins->folder[0])
        return -ENOENT;
    pin_path(path, pins->folder, pins->name, which);
    int fd = bpf_obj_get(path);
    return fd >= 0 ? fd : -errno;
}

int xdp_pins_put(struct xdp_pins *pins, enum xdp_pin which, int fd)
{
    char path[PATH_MAX];

    pin_path(path, pins->folder, pins->name, which);
    if (unlink(path) != 0 && errno == ENOENT) {
        (void)mkdir(pins->folder, 0700); /* its last user may have removed it just now, */
        hold(pins);                      /* and another have made it again */
    }
    return bpf_obj_pin(fd, path) == 0 ? 0 : -errno;
}

void xdp_pins_tidy(const struct xdp_pins *pins)
{
    if (pins->folder[0])
        (void)rmdir(pins->folder);
}

void xdp_pins_remove(const struct xdp_pins *pins)
{
    if (!pins->folder[0])
        return;
    remove_named(pins, pins->name);
    xdp_pins_tidy(pins);
}

void xdp_pins_close(struct xdp_pins *pins)
{
    if (pins->held >= 0)
        close(pins->held);
    pins->held = -1;
}
