// SPDX-License-Identifier: BSD-2-Clause
#include "datapath_lists.h"

#include <errno.h>

int datapath_lists_open(struct datapath_lists *lists, const struct afxdp_config *config,
                        struct error *error)
{
    *lists = (struct datapath_lists){.kernel = NULL};
    if (!config_has_lists(config))
        return 0;
    int status = lists_open(&lists->kernel, error);
    for (uint32_t i = 0; status == 0 && i < ADDRESS_LISTS; i++) {
        status = prefix_list_add(&lists->list[i], &config->list[i], error);
        if (status == 0)
            status = lists_set(lists->kernel, (enum address_list)i, &lists->list[i], error);
    }
    return status;
}

static int changed(struct prefix_list *next, const struct prefix_list *now,
                   enum lists_change change, const struct prefix_list *given, struct error *error)
{
    int status = change == LISTS_REPLACE ? 0 : prefix_list_add(next, now, error);

    if (status != 0)
        return status;
    return change == LISTS_DELETE ? prefix_list_remove(next, given, error)
                                  : prefix_list_add(next, given, error);
}

int datapath_lists_change(struct datapath_lists *lists, enum address_list which,
                          enum lists_change change, const char *text, struct error *error)
{
    struct prefix_list given = {.count = 0};
    struct prefix_list next = {.count = 0};

    if (!lists->kernel)
        return error_set(error, -EOPNOTSUPP,
                         "this run has no lists: start with --allow or --deny, be it @/dev/null");
    int status = prefix_list_add_text(&given, text, "the list stays as it was", error);
    if (status == 0)
        status = changed(&next, &lists->list[which], change, &given, error);
    if (status == 0)
        status = lists_set(lists->kernel, which, &next, error);
    prefix_list_free(&given);
    if (status != 0) {
        prefix_list_free(&next);
        return status;
    }
    prefix_list_free(&lists->list[which]);
    lists->list[which] = next;
    return 0;
}

void datapath_lists_close(struct datapath_lists *lists)
{
    for (uint32_t i = 0; i < ADDRESS_LISTS; i++)
        prefix_list_free(&lists->list[i]);
    lists_close(lists->kernel);
    lists->kernel = NULL;
}
