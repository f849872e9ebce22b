// SPDX-License-Identifier: BSD-2-Clause
#include "eve_types.h"

#include <errno.h>
#include <string.h>

#include "option.h"

int eve_types_parse(uint32_t *types, const char *text, struct error *error)
{
    static const char *const names[] = {"verdict", "flow", "block", "stats", "engine", NULL};
    const char *bad = option_name_bits(types, text, names);

    if (!bad)
        return 0;
    bool host = strcspn(bad, ",") == strlen("host") && strncmp(bad, "host", strlen("host")) == 0;
    return error_set(error, -EINVAL,
                     host ? "--eve-types: '%.*s' events are asked for by --eve-hosts"
                          : "--eve-types: '%.*s': say some of verdict, flow, block, stats, engine",
                     (int)(strcspn(bad, ",") > 40 ? 40 : strcspn(bad, ",")), bad);
}
