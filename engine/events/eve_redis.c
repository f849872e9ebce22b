// SPDX-License-Identifier: BSD-2-Clause
#include "eve_redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"

enum {
    PORT = 6379,
    BATCH = 256, /* lines whose answers are waited for together */
    ANSWER_MS = 1000,
    PAUSE_MS = 100, /* before a server is tried again; twice as long each time, to */
    PAUSE_MOST_MS = 1600,
};

static const char refused[] =
    "the server refuses them: is the key no stream, its memory full, or a password needed?";

#define STREAM_MOST "1000000" /* entries, about */

struct redis {
    struct eve_sink sink;
    struct eve_sink_options options;
    char host[256];
    int port;
    const char *key;
    redisContext *server; /* NULL: away */
    uint64_t next;        /* ms: when it is tried again */
    uint64_t pause;
    uint32_t count;
    struct eve_pending batch[BATCH];
};

static struct redis *of(struct eve_sink *sink)
{
    return (struct redis *)sink;
}

static void done(struct redis *r, const struct eve_pending *pending, bool delivered)
{
    eve_sink_make_progress(&r->sink);
    r->options.done(r->options.context, pending, delivered);
}

/* What has no answer is lost, though the server may have it. */
static void lose_server(struct redis *r, uint32_t answered)
{
    for (uint32_t i = answered; i < r->count; i++)
        done(r, &r->batch[i], false);
    r->count = 0;
    if (r->server)
        redisFree(r->server);
    r->server = NULL;
    r->next = monotonic_ms() + r->pause;
    r->pause = r->pause * 2 < PAUSE_MOST_MS ? r->pause * 2 : PAUSE_MOST_MS;
    eve_sink_set_fault(&r->sink, "the server doesn't answer");
}

static bool is_there(struct redis *r)
{
    const struct timeval wait = {.tv_sec = ANSWER_MS / 1000};

    if (r->server)
        return true;
    if (monotonic_ms() < r->next)
        return false;
    r->server = redisConnectWithTimeout(r->host, r->port, wait);
    if (!r->server || r->server->err || redisSetTimeout(r->server, wait) != REDIS_OK) {
        lose_server(r, 0);
        return false;
    }
    return true;
}

/* An answer that is an error (out of memory, a key of another kind) loses its line alone. */
static void send_batch(struct redis *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        redisReply *reply = NULL;

        if (redisGetReply(r->server, (void **)&reply) != REDIS_OK) {
            lose_server(r, i);
            return;
        }
        bool taken = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
        freeReplyObject(reply);
        done(r, &r->batch[i], taken);
        eve_sink_set_fault(&r->sink, taken ? NULL : refused);
    }
    if (r->count)
        r->pause = PAUSE_MS;
    r->count = 0;
}

static void put(struct eve_sink *sink, const char *line, size_t length, const char *key,
                size_t key_length, const struct eve_pending *pending)
{
    struct redis *r = of(sink);

    (void)key;
    (void)key_length;
    if (!is_there(r) || redisAppendCommand(r->server, "XADD %s MAXLEN ~ " STREAM_MOST " * event %b",
                                           r->key, line, length - 1) != REDIS_OK) {
        done(r, pending, false);
        return;
    }
    r->batch[r->count++] = *pending;
    if (r->count == BATCH)
        send_batch(r);
}

static void serve(struct eve_sink *sink)
{
    if (of(sink)->server)
        send_batch(of(sink));
}

static void finish(struct eve_sink *sink, unsigned wait_ms)
{
    /* Else nothing is written, for the sake of a thread that a broken pipe would end; and a server
     * answers within ANSWER_MS, or is away. */
    if (wait_ms > 0)
        serve(sink);
    else if (of(sink)->count > 0)
        lose_server(of(sink), 0);
}

static void close_redis(struct eve_sink *sink)
{
    struct redis *r = of(sink);

    lose_server(r, 0);
    free(r);
}

/* "host", "host:port", "[::1]:port". */
static int split(struct redis *r, const char *server)
{
    const char *host = server + (server[0] == '[');
    const char *end = server[0] == '[' ? strchr(server, ']') : strrchr(server, ':');
    const char *colon = end && server[0] == '[' ? end + 1 : end;
    size_t length = end ? (size_t)(end - host) : strlen(host);

    r->port = PORT;
    if (length == 0 || length >= sizeof(r->host) || (server[0] == '[' && !end))
        return -EINVAL;
    memcpy(r->host, host, length);
    if (!colon || !*colon)
        return 0;
    char *rest;
    unsigned long port = strtoul(colon + 1, &rest, 10);
    if (*colon != ':' || colon[1] < '0' || colon[1] > '9' || *rest || port == 0 || port > 65535)
        return -EINVAL;
    r->port = (int)port;
    return 0;
}

static int set_target(struct redis *r, const struct eve_target *target, const char *path,
                      struct error *error)
{
    r->key = target->name;
    return split(r, target->server) == 0
               ? 0
               : error_set(error, -EINVAL, "--eve %.120s: should be redis:HOST[:PORT]/KEY", path);
}

int eve_redis_check(const struct eve_target *target, const char *path, struct error *error)
{
    struct redis r = {0};

    return set_target(&r, target, path, error);
}

int eve_redis_open(struct eve_sink **out, const struct eve_target *target,
                   const struct eve_sink_options *options, struct error *error)
{
    struct redis *r = calloc(1, sizeof(*r));

    if (!r)
        return error_set(error, -ENOMEM, "no memory for --eve");
    r->sink = (struct eve_sink){.put = put, .serve = serve, .finish = finish, .close = close_redis};
    r->options = *options;
    r->pause = PAUSE_MS;
    int status = set_target(r, target, options->path, error);
    if (status != 0) {
        free(r);
        return status;
    }
    *out = &r->sink;
    return 0;
}
