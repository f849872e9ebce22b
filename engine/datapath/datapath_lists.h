// SPDX-License-Identifier: BSD-2-Clause
/* A running datapath's lists of --allow and --deny: what stands in them, and the kernel's copy. The
 * datapath's thread. */
#ifndef AFXDP_DATAPATH_LISTS_H
#define AFXDP_DATAPATH_LISTS_H

#include "config.h"
#include "lists.h"

struct datapath_lists {
    struct prefix_list list[ADDRESS_LISTS];
    struct lists *kernel; /* NULL: neither option was given */
};

/* What happens to a list. */
enum lists_change {
    LISTS_ADD,
    LISTS_DELETE,
    LISTS_REPLACE,
};

/* The config's lists, for the programs of an interface. Nothing where it has none. */
int datapath_lists_open(struct datapath_lists *lists, const struct afxdp_config *config,
                        struct error *error);

/* Changes one of them by the prefixes that the text names (prefix_list.h), all of them or, on
 * failure, none. -EOPNOTSUPP where there are no lists. */
int datapath_lists_change(struct datapath_lists *lists, enum address_list which,
                          enum lists_change change, const char *text, struct error *error);

void datapath_lists_close(struct datapath_lists *lists);

#endif
