// SPDX-License-Identifier: BSD-2-Clause
#include "tunnel_text.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "option.h"

int tunnel_parse_kinds(struct tunnel_options *options, const char *text, struct error *error)
{
    static const char *const names[] = {TUNNEL_NAMES, NULL};
    const char *bad = NULL;
    uint32_t kinds = 0;

    _Static_assert(sizeof(names) / sizeof(names[0]) == TUNNEL_KINDS + 1, "a name for each kind");

    if (strcmp(text, "auto") == 0)
        kinds = TUNNELS_ALL;
    else if (strcmp(text, "none") != 0)
        bad = option_name_bits(&kinds, text, names);
    if (bad)
        return error_set(error, -EINVAL,
                         "--tunnels: '%.*s' is no tunnel: say none, auto, or some of vxlan, "
                         "vxlan-gpe, geneve, gre, nvgre, erspan, ip, gtp, mpls, pppoe, pbb",
                         (int)(strcspn(bad, ",") > 40 ? 40 : strcspn(bad, ",")), bad);
    options->kinds = kinds;
    return 0;
}

int tunnel_parse_key(struct tunnel_options *options, const char *text, struct error *error)
{
    static const char *const names[] = {"tunnel", "vlan", "interface", NULL};
    const char *bad = NULL;
    uint32_t key = 0;

    if (strcmp(text, "none") != 0)
        bad = option_name_bits(&key, text, names);
    if (bad)
        return error_set(error, -EINVAL,
                         "--flow-key: '%.*s': say none, or some of tunnel, vlan, interface",
                         (int)(strcspn(bad, ",") > 40 ? 40 : strcspn(bad, ",")), bad);
    options->key = key;
    return 0;
}
