// SPDX-License-Identifier: BSD-2-Clause
#include "tunnel_text.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const kind_names[] = TUNNEL_NAMES;
static const char *const key_names[] = {"tunnel", "vlan", "interface"};

_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == TUNNEL_KINDS, "a name for each kind");

/* The bits of a list of names; an empty one, or one that isn't known, is told in *bad. */
static uint32_t parse_list(const char *text, const char *const *names, uint32_t count,
                           const char **bad)
{
    uint32_t bits = 0;

    *bad = NULL;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        uint32_t i = 0;

        while (i < count && (strlen(names[i]) != length || memcmp(names[i], at, length) != 0))
            i++;
        if (i == count) {
            *bad = at;
            return 0;
        }
        bits |= 1u << i;
        at += length;
        if (!*at)
            return bits;
    }
}

int tunnel_parse_kinds(struct tunnel_options *options, const char *text, struct error *error)
{
    const char *bad = NULL;
    uint32_t kinds = 0;

    if (strcmp(text, "auto") == 0)
        kinds = TUNNELS_ALL;
    else if (strcmp(text, "none") != 0)
        kinds = parse_list(text, kind_names, TUNNEL_KINDS, &bad);
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
    const char *bad = NULL;
    uint32_t key = 0;

    if (strcmp(text, "none") != 0)
        key = parse_list(text, key_names, sizeof(key_names) / sizeof(key_names[0]), &bad);
    if (bad)
        return error_set(error, -EINVAL,
                         "--flow-key: '%.*s': say none, or some of tunnel, vlan, interface",
                         (int)(strcspn(bad, ",") > 40 ? 40 : strcspn(bad, ",")), bad);
    options->key = key;
    return 0;
}
