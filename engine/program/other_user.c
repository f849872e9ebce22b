// SPDX-License-Identifier: BSD-2-Clause
#include "other_user.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

int other_user_find(struct other_user *user, bool needs_root, struct error *error)
{
    if (!user->name)
        return 0;
    if (!needs_root)
        return error_set(error, -EINVAL, "--user is for an interface, and without --pcap");
    return rights_find_user(&user->who, user->name, error);
}

int other_user_become(const struct other_user *user, struct error *error)
{
    return user->name ? rights_become(&user->who, error) : 0;
}

void other_user_keep(const struct other_user *user, const char *file, const struct program *program)
{
    if (!user->name)
        return;
    int status = rights_keep(rights_for_bpf() | UINT64_C(1) << CAP_NET_ADMIN);
    if (status != 0)
        program_complain(program, "warning: --user %s: capabilities stay: %s", user->name,
                         strerror(-status));
    else if (file && access(file, R_OK) != 0)
        program_complain(program,
                         "warning: --user %s: %s can't be read by that user, so it can't be "
                         "replaced: %s",
                         user->name, file, strerror(errno));
}
