// SPDX-License-Identifier: BSD-2-Clause
/* The lists of --allow and --deny for the programs of a datapath (lists.bpf.h), which share them:
 * each program's map `address_lists` is to be this one (lists_share) before it is loaded. */
#ifndef AFXDP_LISTS_H
#define AFXDP_LISTS_H

#include <bpf/libbpf.h>

#include "address_lists.h"
#include "error.h"
#include "prefix_list.h"

struct lists;

/* Both empty. */
int lists_open(struct lists **out, struct error *error);

/* The opened object gets them; NULL: it was made without and needs no such map. */
int lists_share(const struct lists *lists, struct bpf_object *object, struct error *error);

/* From now on packets meet these prefixes instead of those before, also under traffic. On failure
 * the former stay. -E2BIG, -ENOMEM. */
int lists_set(struct lists *lists, enum address_list which, const struct prefix_list *prefixes,
              struct error *error);

void lists_close(struct lists *lists); /* takes NULL; programs that have them keep them */

#endif
