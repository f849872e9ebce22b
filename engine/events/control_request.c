// SPDX-License-Identifier: BSD-2-Clause
#include "control_request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind a command, by the request's members. */
struct shape {
    const char *command;
    const char *second; /* which word comes next; NULL: whatever it is */
    const char *member[CONTROL_WORDS_MAX - 1];
    const char *needs;
};

static const struct shape shapes[] = {
    {"allow", NULL, {"change", "prefixes"}, "add, del or replace, and PREFIXES or @FILE"},
    {"deny", NULL, {"change", "prefixes"}, "add, del or replace, and PREFIXES or @FILE"},
    {"set-action", NULL, {"action"}, "CLASS=ACTION"},
    {"explain", NULL, {"flow"}, "a FLOW: tcp/10.0.0.1:51234-10.0.0.2:22"},
    {"blocks", "add", {"change", "prefixes", "seconds"}, "ADDRESSES or @FILE, and SECONDS"},
    {"blocks", "del", {"change", "prefixes"}, "ADDRESSES or @FILE"},
    {"blocks", "list", {"change"}, "nothing more"},
    {"blocks", "flush", {"change"}, "nothing more"},
    {"blocks", NULL, {"change"}, "list, flush, add ADDRESSES SECONDS or del ADDRESSES"},
};

static const struct shape *shape_of(const char *const *word, int words)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *shape = &shapes[i];

        if (strcmp(shape->command, word[0]) == 0 &&
            (!shape->second || (words > 1 && strcmp(shape->second, word[1]) == 0)))
            return shape;
    }
    return NULL;
}

static int check(const char *const *word, int words, const struct shape *shape, struct error *error)
{
    int wanted = 1;

    while (shape && wanted < CONTROL_WORDS_MAX && shape->member[wanted - 1])
        wanted++;
    if (wanted == words)
        return 0;
    if (!shape)
        return error_set(error, -EINVAL, "%.80s takes no argument", word[0]);
    return error_set(error, -EINVAL, "%.80s%s%s needs %s", word[0], shape->second ? " " : "",
                     shape->second ? shape->second : "", shape->needs);
}

static json_t *seconds_of(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    return text[0] < '1' || text[0] > '9' || *end || number > INT32_MAX
               ? NULL
               : json_integer((json_int_t)number);
}

static int put(json_t *request, const char *member, const char *word, struct error *error)
{
    bool seconds = strcmp(member, "seconds") == 0;
    char *path =
        strcmp(member, "prefixes") == 0 && word[0] == '@' ? realpath(word + 1, NULL) : NULL;

    if (strcmp(member, "prefixes") == 0 && word[0] == '@' && !path)
        return error_set(error, -errno, "cannot find %s: %s", word + 1, strerror(errno));
    json_t *value = seconds ? seconds_of(word)
                    : path  ? json_sprintf("@%s", path)
                            : json_string(word);
    free(path);
    if (json_object_set_new(request, member, value) == 0)
        return 0;
    return seconds ? error_set(error, -EINVAL, "'%.40s' should be seconds, 1 or more", word)
                   : error_set(error, -EINVAL, "%.80s: isn't UTF-8", word);
}

int control_request_new(json_t **out, const char *const *word, int words, struct error *error)
{
    const struct shape *shape = shape_of(word, words);
    int status = check(word, words, shape, error);
    json_t *request = json_object();

    if (status == 0)
        status = put(request, "command", word[0], error);
    for (int i = 1; status == 0 && i < words; i++)
        status = put(request, shape->member[i - 1], word[i], error);
    if (status != 0) {
        json_decref(request);
        return status;
    }
    *out = request;
    return 0;
}
