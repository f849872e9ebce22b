// SPDX-License-Identifier: BSD-2-Clause
#include "rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system call, not the C library's or libcap's wrapper: those may mean the whole process. */
static int read_sets(struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    return syscall(SYS_capget, &header, sets) == 0 ? 0 : -errno;
}

static int write_sets(const struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    return syscall(SYS_capset, &header, sets) == 0 ? 0 : -errno;
}

int rights_keep(uint64_t capabilities)
{
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    const uint32_t kept[] = {(uint32_t)capabilities, (uint32_t)(capabilities >> 32)};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    int status = read_sets(sets);
    if (status != 0)
        return status;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].permitted &= kept[i];
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    return write_sets(sets);
}

int rights_give_up(void)
{
    return rights_keep(0);
}

uint64_t rights_effective(void)
{
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (read_sets(sets) != 0)
        return 0;
    return (uint64_t)sets[1].effective << 32 | sets[0].effective;
}

uint64_t rights_for_bpf(void)
{
    const uint64_t bpf = UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_PERFMON;

    return rights_effective() & bpf ? bpf : UINT64_C(1) << CAP_SYS_ADMIN;
}

int rights_find_user(struct rights_user *user, const char *name, struct error *error)
{
    const struct passwd *found = getpwnam(name);

    if (!found)
        return error_set(error, -EINVAL, "--user %.60s: there is no such user; see: getent passwd",
                         name);
    if (found->pw_uid == 0)
        return error_set(error, -EINVAL,
                         "--user %.60s: that is root; leave the option out to stay "
                         "root",
                         name);
    snprintf(user->name, sizeof(user->name), "%s", found->pw_name);
    user->uid = found->pw_uid;
    user->gid = found->pw_gid;
    return 0;
}

/* A change of user empties the effective set, and the permitted one too unless it is to be kept. */
int rights_become(const struct rights_user *user, struct error *error)
{
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    int status = read_sets(sets);

    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i].inheritable = 0;
    if (status == 0 &&
        (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(user->name, user->gid) != 0 ||
         setresgid(user->gid, user->gid, user->gid) != 0 ||
         setresuid(user->uid, user->uid, user->uid) != 0))
        status = -errno;
    if (status == 0)
        status = write_sets(sets);
    if (status == 0 &&
        (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
        status = -errno;
    if (status == 0)
        return 0;
    return error_set(error, status,
                     "cannot become user %s: %s; it takes CAP_SETUID and CAP_SETGID, as root has",
                     user->name, strerror(-status));
}
