// SPDX-License-Identifier: BSD-2-Clause
/* --user: a program that began as root goes on as somebody else. All of these do nothing where it
 * wasn't given. */
#ifndef AFXDP_OTHER_USER_H
#define AFXDP_OTHER_USER_H

#include <stdbool.h>

#include "rights.h"

struct program;

struct other_user {
    const char *name; /* NULL: not given */
    struct rights_user who;
};

/* Looks the user up. -EINVAL: there is none, it is root, or nothing here needs root. */
int other_user_find(struct other_user *user, bool needs_root, struct error *error);

/* Becomes that user, with all capabilities still; before there are other threads. -errno. */
int other_user_become(const struct other_user *user, struct error *error);

/* Once everything is set up: keeps what replacing a model and putting an interface back take, and
 * complains where that, or the file that will be read again (NULL: none), can't be had. */
void other_user_keep(const struct other_user *user, const char *file,
                     const struct program *program);

#endif
