// SPDX-License-Identifier: BSD-2-Clause
#include "control_line.h"

#include <errno.h>
#include <string.h>

int control_line_parse(json_t **out, const char *line, size_t length, struct error *error)
{
    json_error_t where;

    if (length >= CONTROL_LINE_MAX)
        return error_set(error, -EINVAL, "a request has at most %d bytes", CONTROL_LINE_MAX);
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    if (!object && json_error_code(&where) == json_error_out_of_memory)
        return error_set(error, -ENOMEM, "no memory for the request");
    if (!object)
        return error_set(error, -EINVAL, "the request is no JSON: %.100s", where.text);
    if (!json_is_string(json_object_get(object, "command"))) {
        json_decref(object);
        return error_set(error, -EINVAL,
                         "the request has no text \"command\"; it looks like "
                         "{\"command\":\"version\"}");
    }
    *out = object;
    return 0;
}

static char *print(json_t *answer)
{
    char *text = answer ? json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    size_t length = text ? strlen(text) : 0;
    char *line = text ? realloc(text, length + 2) : NULL;

    json_decref(answer);
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + length, "\n", 2);
    return line;
}

char *control_line_ok(json_t *message)
{
    return print(
        json_pack("{s:s, s:o}", "return", "OK", "message", message ? message : json_string("")));
}

char *control_line_failed(const char *why)
{
    return print(json_pack("{s:s, s:s}", "return", "NOK", "message", why));
}
