// SPDX-License-Identifier: BSD-2-Clause
#include "blocks_control.h"

#include <errno.h>
#include <string.h>

#include "block_text.h"
#include "monotonic.h"
#include "policy.h"
#include "report_value.h"

static json_t *host_json(const struct blocked_host *host, uint64_t now)
{
    char ip[PREFIX_TEXT_MAX];
    uint64_t left = host->until > now ? host->until - now : 0;
    json_t *object = json_object();

    block_text_host(&host->source, ip);
    report_put(object, "ip", json_string(ip));
    report_number(object, "seconds", (left + 999999999) / 1000000000);
    return object;
}

/* Some of them, and, where there are more, from which place on the next request gets these. */
static int list(struct blocks *blocks, const json_t *request, json_t **message, struct error *error)
{
    const json_t *from = json_object_get(request, "from");
    struct blocked_host hosts[BLOCKS_PAGE];
    json_int_t first = from ? json_integer_value(from) : 0;

    if ((from && !json_is_integer(from)) || first < 0 || first >= BLOCKS_END)
        return error_set(error, -EINVAL, "\"from\" should be a former answer's \"next\"");
    uint32_t place = (uint32_t)first;
    uint32_t count = blocks_read(blocks, &place, hosts);
    uint64_t now = monotonic_ns();
    json_t *array = json_array();
    *message = json_object();
    (void)report_lacks();
    for (uint32_t i = 0; i < count; i++)
        report_append(array, host_json(&hosts[i], now));
    report_put(*message, "hosts", array);
    if (place != BLOCKS_END)
        report_number(*message, "next", place);
    return report_lacks() ? error_set(error, -ENOMEM, "no memory for the answer") : 0;
}

static int add(struct blocks *blocks, const struct prefix_list *hosts, const json_t *request,
               struct error *error)
{
    json_int_t seconds = json_integer_value(json_object_get(request, "seconds"));

    if (seconds < 1 || seconds > POLICY_BLOCK_MAX)
        return error_set(error, -EINVAL, "\"seconds\" should be a number from 1 to %d",
                         POLICY_BLOCK_MAX);
    return blocks_add(blocks, hosts, (uint64_t)seconds, error);
}

static int change(struct blocks *blocks, const char *what, const json_t *request,
                  struct error *error)
{
    const char *prefixes = json_string_value(json_object_get(request, "prefixes"));
    struct prefix_list hosts = {.count = 0};

    if (!prefixes)
        return error_set(error, -EINVAL, "blocks %s needs \"prefixes\":\"ADDRESS,...|@FILE\"",
                         what);
    int status = prefix_list_add_text(&hosts, prefixes, "blocks stay as they were", error);
    if (status == 0)
        status = strcmp(what, "add") == 0 ? add(blocks, &hosts, request, error)
                                          : blocks_remove(blocks, &hosts, error);
    prefix_list_free(&hosts);
    return status;
}

int blocks_control(struct blocks *blocks, const json_t *request, json_t **message, bool *changed,
                   struct error *error)
{
    const char *what = json_string_value(json_object_get(request, "change"));

    *changed = false;
    if (!what || (strcmp(what, "list") != 0 && strcmp(what, "add") != 0 &&
                  strcmp(what, "del") != 0 && strcmp(what, "flush") != 0))
        return error_set(error, -EINVAL, "blocks needs \"change\":\"list|add|del|flush\"");
    if (!blocks)
        return error_set(error, -EOPNOTSUPP, "this run can't block: start with --blocks N");
    if (strcmp(what, "list") == 0)
        return list(blocks, request, message, error);
    *changed = true;
    if (strcmp(what, "flush") != 0)
        return change(blocks, what, request, error);
    *message = json_pack("{s:I}", "flushed", (json_int_t)blocks_flush(blocks));
    return *message ? 0 : error_set(error, -ENOMEM, "no memory for the answer");
}
