// SPDX-License-Identifier: BSD-2-Clause
#include "claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_folder.h"

enum { NAME = 48, TRIES = 8, PID_WAITS = 20, PID_WAIT_US = 1000 };

#define SETTINGS ".settings"
#define WRITING ".writing"
#define CONTROL XDP_CLAIM_CONTROL

struct xdp_claim {
    int ifindex;
    int folder;
    int lock;
    int settings; /* that are there; -1: none */
    char name[NAME];
};

static unsigned long long own_namespace(void)
{
    struct stat space = {0};

    (void)stat("/proc/thread-self/ns/net", &space);
    return space.st_ino;
}

void xdp_claim_name(char *name, size_t size, int ifindex)
{
    snprintf(name, size, "%llu-%d", own_namespace(), ifindex);
}

bool xdp_claim_is_stale(const char *name)
{
    char *end;
    unsigned long long space = strtoull(name, &end, 10);
    char now[IF_NAMESIZE];

    if (end == name || *end != '-' || space != own_namespace())
        return false;
    unsigned long index = strtoul(end + 1, &end, 10);
    return index > 0 && !if_indextoname((unsigned)index, now) && errno == ENXIO;
}

static bool is_still_there(int folder, const char *name, int lock)
{
    struct stat held = {0}, named = {0};

    return fstat(lock, &held) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* In root's folder files are root's, whoever the engine is now: the next one must trust them. */
static void give_to_folder(int folder, int file)
{
    struct stat of;

    if (geteuid() != 0 && fstat(folder, &of) == 0 && of.st_uid != geteuid())
        (void)!fchown(file, of.st_uid, of.st_gid);
}

/* A lock that was had may be of a file that its last holder removed: then once more. */
static int lock(int folder, const char *name)
{
    for (int i = 0; i < TRIES; i++) {
        int file = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (file < 0)
            return -errno;
        if (flock(file, LOCK_EX | LOCK_NB) != 0) {
            int status = errno == EWOULDBLOCK ? -EBUSY : -errno;
            close(file);
            return status;
        }
        if (is_still_there(folder, name, file)) {
            give_to_folder(folder, file);
            return file;
        }
        close(file);
    }
    return -EBUSY;
}

/* 0 when it can't be told: a holder writes it a moment after it has the lock. */
static int holder_of(int folder, const char *name)
{
    char text[16] = "";
    int pid = 0;

    for (int i = 0; i < PID_WAITS && pid <= 0; i++) {
        int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

        if (file >= 0)
            close(file);
        pid = length > 0 ? (int)strtol(text, NULL, 10) : 0;
        if (pid <= 0)
            usleep(PID_WAIT_US);
    }
    return pid;
}

static int say_busy(int folder, const char *name, int ifindex, struct error *error)
{
    char interface[IF_NAMESIZE] = "";
    int pid = holder_of(folder, name);

    (void)if_indextoname((unsigned)ifindex, interface);
    if (pid > 0)
        return error_set(error, -EBUSY, "%s: another afxdp-engine has it (process %d)", interface,
                         pid);
    return error_set(error, -EBUSY, "%s: another afxdp-engine has it; see: fuser %s/%s", interface,
                     RUN_FOLDER, name);
}

/* Removes what a killed engine remembered of an interface that is gone. */
static void reap_one(int folder, const char *file)
{
    char name[NAME];
    static const char *const endings[] = {SETTINGS, WRITING, CONTROL, ""};
    char path[NAME + sizeof(SETTINGS)];

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
    if (!xdp_claim_is_stale(name))
        return;
    int held = lock(folder, name);
    if (held < 0)
        return;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", name, endings[i]);
        (void)unlinkat(folder, path, 0);
    }
    close(held);
}

static void reap(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *files = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *file;

    if (!files) {
        if (copy >= 0)
            close(copy);
        return;
    }
    while ((file = readdir(files)) != NULL)
        reap_one(folder, file->d_name);
    closedir(files);
}

static int write_pid(int file)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)length, 0) != length)
        return errno ? -errno : -EIO;
    return 0;
}

int xdp_claim_open(struct xdp_claim **out, int ifindex, struct error *error)
{
    struct xdp_claim *claim = malloc(sizeof(*claim));
    int status;

    if (!claim)
        return error_set(error, -ENOMEM, "out of memory");
    *claim = (struct xdp_claim){.ifindex = ifindex, .folder = -1, .lock = -1, .settings = -1};
    xdp_claim_name(claim->name, sizeof(claim->name), ifindex);
    status = claim->folder = run_folder_open(error);
    if (status < 0) {
        char interface[IF_NAMESIZE] = "";
        (void)if_indextoname((unsigned)ifindex, interface);
        error_prefix(error, status, "%s", interface);
    } else {
        reap(claim->folder);
        status = claim->lock = lock(claim->folder, claim->name);
        if (status == -EBUSY)
            say_busy(claim->folder, claim->name, ifindex, error);
        else if (status < 0 || (status = write_pid(claim->lock)) < 0)
            error_set(error, status, "%s/%s can't be locked: %s", RUN_FOLDER, claim->name,
                      strerror(-status));
    }
    if (status < 0) {
        xdp_claim_close(claim);
        return status;
    }
    *out = claim;
    return 0;
}

void xdp_claim_close(struct xdp_claim *claim)
{
    if (!claim)
        return;
    if (claim->lock >= 0) {
        (void)unlinkat(claim->folder, claim->name, 0);
        close(claim->lock);
    }
    if (claim->settings >= 0)
        close(claim->settings);
    if (claim->folder >= 0)
        close(claim->folder);
    free(claim);
}

int xdp_claim_ifindex(const struct xdp_claim *claim)
{
    return claim->ifindex;
}

static void keep_open(struct xdp_claim *claim, int file)
{
    if (claim->settings >= 0)
        close(claim->settings);
    claim->settings = file;
}

static int write_text(int file, const char *text)
{
    size_t length = strlen(text);
    ssize_t written = pwrite(file, text, length, 0);

    if (written < 0)
        return -errno;
    return (size_t)written == length ? 0 : -ENOSPC;
}

/* A descriptor of the file, or -errno. */
static int write_whole(int folder, const char *name, const char *text)
{
    (void)unlinkat(folder, name, 0); /* of an engine that was killed while it wrote */
    int file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return -errno;
    give_to_folder(folder, file);
    int status = write_text(file, text);
    if (status == 0)
        return file;
    close(file);
    return status;
}

/* Where the folder is closed to us. `text` NULL: an empty file says that there is nothing. Written
 * before it is cut: an engine that is killed in between leaves a file that can't be read, and the
 * next one says so, not one that says nothing. */
static int write_in_place(const struct xdp_claim *claim, const char *text)
{
    if (claim->settings < 0)
        return text ? -EACCES : 0;
    int status = text ? write_text(claim->settings, text) : 0;
    if (status == 0 && ftruncate(claim->settings, text ? (off_t)strlen(text) : 0) != 0)
        status = -errno;
    return status;
}

static int forget(struct xdp_claim *claim, const char *name, const char *writing)
{
    (void)unlinkat(claim->folder, writing, 0);
    if (unlinkat(claim->folder, name, 0) != 0 && errno != ENOENT)
        return -errno;
    keep_open(claim, -1);
    return 0;
}

int xdp_claim_remember(struct xdp_claim *claim, const char *text)
{
    char name[NAME + sizeof(SETTINGS)];
    char writing[NAME + sizeof(WRITING)];

    snprintf(name, sizeof(name), "%s%s", claim->name, SETTINGS);
    snprintf(writing, sizeof(writing), "%s%s", claim->name, WRITING);
    int file = text ? write_whole(claim->folder, writing, text) : forget(claim, name, writing);
    if (file == -EACCES && geteuid() != 0)
        return write_in_place(claim, text);
    if (file < 0 || !text)
        return file;
    if (renameat(claim->folder, writing, claim->folder, name) != 0) {
        int status = -errno;
        (void)unlinkat(claim->folder, writing, 0);
        close(file);
        return status;
    }
    keep_open(claim, file);
    return 0;
}

/* Nobody else can put a file there, but one may be left by a hand, or by a disk that was full. */
static int check_file(int file, size_t most, size_t *length, struct error *error)
{
    struct stat found;

    if (fstat(file, &found) != 0)
        return error_set(error, -errno, "%s", strerror(errno));
    if (!S_ISREG(found.st_mode) || found.st_nlink != 1 ||
        (found.st_uid != 0 && found.st_uid != geteuid()) ||
        (found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return error_set(error, -EPERM, "it belongs to user %u with mode %o, and isn't ours",
                         found.st_uid, found.st_mode & 07777);
    if ((uint64_t)found.st_size > most)
        return error_set(error, -EFBIG, "it has %llu bytes, and %zu are the most",
                         (unsigned long long)found.st_size, most);
    *length = (size_t)found.st_size;
    return 0;
}

static int read_whole(char **out, int file, size_t most, struct error *error)
{
    size_t length = 0;
    int status = check_file(file, most, &length, error);

    if (status != 0)
        return status;
    char *text = malloc(length + 1);
    if (!text)
        return error_set(error, -ENOMEM, "out of memory");
    ssize_t got = read(file, text, length);
    if (got < 0)
        status = error_set(error, -errno, "%s", strerror(errno));
    else if ((size_t)got != length || memchr(text, 0, length))
        status = error_set(error, -EINVAL, "it isn't text");
    if (status != 0) {
        free(text);
        return status;
    }
    text[length] = 0;
    *out = text;
    return 0;
}

int xdp_claim_recall(struct xdp_claim *claim, char **text, size_t most, struct error *error)
{
    char name[NAME + sizeof(SETTINGS)];

    *text = NULL;
    snprintf(name, sizeof(name), "%s%s", claim->name, SETTINGS);
    int file = openat(claim->folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return 0;
    int status = 0;
    if (file < 0 && (errno == ELOOP || errno == ENXIO || errno == EISDIR))
        status = error_set(error, -EPERM, "it is no plain file");
    else if (file < 0)
        status = error_set(error, -errno, "%s", strerror(errno));
    else
        status = read_whole(text, file, most, error);
    if (status == 0)
        keep_open(claim, file);
    else if (file >= 0)
        close(file);
    if (status == 0 && *text && !**text) { /* as write_in_place leaves it */
        free(*text);
        *text = NULL;
    }
    return status;
}

void xdp_claim_path(const struct xdp_claim *claim, char *path, size_t size)
{
    snprintf(path, size, "%s/%s%s", RUN_FOLDER, claim->name, SETTINGS);
}
