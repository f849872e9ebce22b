// SPDX-License-Identifier: BSD-2-Clause
#include "eve_sink.h"

#include <errno.h>
#include <string.h>

#include "eve_kafka.h"
#include "eve_redis.h"

static const char kafka[] = "kafka:";
static const char redis[] = "redis:";

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

bool eve_sink_is_meant(const char *path)
{
    return begins(path, kafka) || begins(path, redis);
}

static int target_of(struct eve_target *target, const char *path, struct error *error)
{
    bool is_kafka = begins(path, kafka);
    const char *rest = path + strlen(is_kafka ? kafka : redis);
    const char *slash = strrchr(rest, '/');
    size_t length = slash ? (size_t)(slash - rest) : 0;

    if (length == 0 || !slash[1] || length >= sizeof(target->server))
        return error_set(error, -EINVAL, "--eve %.120s: should be %s", path,
                         is_kafka ? "kafka:HOST:PORT[,HOST:PORT...]/TOPIC"
                                  : "redis:HOST[:PORT]/KEY");
    *target = (struct eve_target){.name = slash + 1};
    memcpy(target->server, rest, length);
    return 0;
}

int eve_sink_check(const char *path, struct error *error)
{
    struct eve_target target;

    if (!eve_sink_is_meant(path))
        return 0;
    int status = target_of(&target, path, error);
    return status != 0 || begins(path, kafka) ? status : eve_redis_check(&target, path, error);
}

int eve_sink_open(struct eve_sink **out, const struct eve_sink_options *options,
                  struct error *error)
{
    struct eve_target target;
    int status = target_of(&target, options->path, error);

    if (status != 0)
        return status;
    return begins(options->path, kafka) ? eve_kafka_open(out, &target, options, error)
                                        : eve_redis_open(out, &target, options, error);
}
