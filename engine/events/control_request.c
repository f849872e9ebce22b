// SPDX-License-Identifier: BSD-2-Clause
#include "control_request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int control_request_check(const char *command, int words, struct error *error)
{
    bool list = strcmp(command, "allow") == 0 || strcmp(command, "deny") == 0;
    int wanted = list ? 3 : strcmp(command, "set-action") == 0 ? 2 : 1;

    if (wanted == words)
        return 0;
    return error_set(error, -EINVAL,
                     wanted == 3   ? "%.80s needs add, del or replace, and PREFIXES or @FILE"
                     : wanted == 2 ? "%.80s needs CLASS=ACTION"
                                   : "%.80s takes no argument",
                     command);
}

int control_request_prefixes(json_t *request, const char *text, struct error *error)
{
    char *path = text[0] == '@' ? realpath(text + 1, NULL) : NULL;

    if (text[0] == '@' && !path)
        return error_set(error, -errno, "cannot find %s: %s", text + 1, strerror(errno));
    int status = path ? json_object_set_new(request, "prefixes", json_sprintf("@%s", path))
                      : json_object_set_new(request, "prefixes", json_string(text));
    free(path);
    return status == 0 ? 0 : error_set(error, -EINVAL, "%.80s: isn't UTF-8", text);
}
