// SPDX-License-Identifier: BSD-2-Clause
#include "run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PARENT "/run"

bool run_folder_is_safe(const struct stat *folder)
{
    return S_ISDIR(folder->st_mode) && (folder->st_uid == 0 || folder->st_uid == geteuid()) &&
           (folder->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool run_folder_is_sticky_or_safe(const struct stat *folder)
{
    return run_folder_is_safe(folder) || (S_ISDIR(folder->st_mode) && folder->st_mode & S_ISVTX &&
                                          (folder->st_uid == 0 || folder->st_uid == geteuid()));
}

static int check(int folder, struct error *error)
{
    struct stat parent = {0}, made = {0};

    if (stat(PARENT, &parent) != 0 || fstat(folder, &made) != 0)
        return error_set(error, -errno, "%s can't be looked at: %s", RUN_FOLDER, strerror(errno));
    if (!run_folder_is_sticky_or_safe(&parent))
        return error_set(error, -EPERM,
                         "%s is writable by anybody, so a claim in it would mean nothing: chmod "
                         "755 %s",
                         PARENT, PARENT);
    if (!run_folder_is_safe(&made))
        return error_set(error, -EPERM,
                         "%s belongs to user %u with mode %o: somebody else could hold or remove "
                         "what engines keep there; look at it, then remove it: rm -r %s",
                         RUN_FOLDER, made.st_uid, made.st_mode & 07777, RUN_FOLDER);
    return 0;
}

int run_folder_open(struct error *error)
{
    int status = mkdir(RUN_FOLDER, 0700) == 0 || errno == EEXIST ? 0 : -errno;
    int folder =
        status == 0 ? open(RUN_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : status;

    if (folder < 0) {
        status = status != 0 ? status : -errno;
        if (status == -ELOOP || status == -ENOTDIR)
            return error_set(error, -EPERM,
                             "%s is no folder: somebody else put something in its place; look at "
                             "it, then remove it: rm %s",
                             RUN_FOLDER, RUN_FOLDER);
        if (status == -EACCES || status == -EPERM)
            return error_set(error, status,
                             "%s can't be used: %s; run as root, or with CAP_NET_ADMIN, CAP_BPF "
                             "and this folder: install -d -m 700 -o USER %s",
                             RUN_FOLDER, strerror(-status), RUN_FOLDER);
        return error_set(error, status, "%s can't be used: %s", RUN_FOLDER, strerror(-status));
    }
    status = check(folder, error);
    if (status == 0)
        return folder;
    close(folder);
    return status;
}
