// SPDX-License-Identifier: BSD-2-Clause
#include "eve_kafka.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "confine.h"
#include "monotonic.h"

#define ROOM 65536 /* lines in its queue, or without a report */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

enum {
    POLL_MS = 10,
    STALL_MS = 2000, /* without progress: nobody waits for room any longer */
    AGAIN_MS = 1000, /* between producers that fail for good */
};

/* What a line tells of, until its report. */
struct kept {
    struct eve_pending pending;
    struct kept *next; /* that is free */
};

struct kafka {
    struct eve_sink sink;
    struct eve_sink_options options;
    struct eve_target target;
    rd_kafka_t *producer; /* NULL: none could be made again */
    rd_kafka_topic_t *topic;
    uint64_t waiting; /* lines without a report */
    bool fatal;       /* this producer takes nothing any more */
    bool in_vain;     /* waiting for room, since the last line that was delivered */
    bool giving_up;
    bool down;         /* all brokers were, since the last line that was delivered */
    uint64_t made;     /* ms */
    char why[512];     /* the last producer could not be made */
    struct kept *free; /* NULL: as many lines wait as may */
    struct kept kept[ROOM];
};

static const char unanswered[] = "the brokers don't answer";

static struct kafka *of(struct eve_sink *sink)
{
    return (struct kafka *)sink;
}

static const char *why_lost(const struct kafka *k, rd_kafka_resp_err_t status)
{
    if (k->down)
        return rd_kafka_err2str(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    return k->giving_up ? unanswered : rd_kafka_err2str(status);
}

static void reported(rd_kafka_t *producer, const rd_kafka_message_t *message, void *context)
{
    struct kafka *k = context;
    struct kept *kept = message->_private;
    bool delivered = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;

    (void)producer;
    k->in_vain = k->in_vain && !delivered;
    k->down = k->down && !delivered;
    if (delivered)
        eve_sink_set_fault(&k->sink, NULL);
    else if (!k->sink.fault)
        eve_sink_set_fault(&k->sink, why_lost(k, message->err));
    k->waiting--;
    eve_sink_make_progress(&k->sink);
    k->options.done(k->options.context, &kept->pending, delivered);
    kept->next = k->free;
    k->free = kept;
}

static void failed(rd_kafka_t *producer, int code, const char *reason, void *context)
{
    struct kafka *k = context;

    (void)producer;
    (void)reason;
    bool fatal = code == RD_KAFKA_RESP_ERR__FATAL;
    bool down = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;

    k->fatal = k->fatal || fatal;
    k->down = k->down || down;
    /* Without lines they may have closed what was idle. */
    if (fatal || (down && k->waiting > 0))
        eve_sink_set_fault(&k->sink, rd_kafka_err2str((rd_kafka_resp_err_t)code));
}

/* Reasons go where the engine's messages go, as a fault; nothing is printed. */
static void say_nothing(const rd_kafka_t *producer, int level, const char *facility,
                        const char *text)
{
    (void)producer;
    (void)level;
    (void)facility;
    (void)text;
}

/* librdkafka blocks all signals of its threads. */
static rd_kafka_resp_err_t thread_begins(rd_kafka_t *producer, rd_kafka_thread_type_t type,
                                         const char *name, void *context)
{
    (void)producer;
    (void)type;
    (void)name;
    (void)context;
    confine_inherited(CONFINED_BROKERS);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t producer_begins(rd_kafka_t *producer, const rd_kafka_conf_t *conf,
                                           void *context, char *why, size_t size)
{
    (void)conf;
    (void)why;
    (void)size;
    return rd_kafka_interceptor_add_on_thread_start(producer, "afxdp", thread_begins, context);
}

static rd_kafka_conf_t *configuration(struct kafka *k)
{
    const char *const values[][2] = {
        {"bootstrap.servers", k->target.server},
        {"client.id", "afxdp-engine"},
        {"enable.idempotence", "true"},
        {"queue.buffering.max.messages", TEXT(ROOM)},
        {"queue.buffering.max.kbytes", "65536"},
        {"linger.ms", "20"},
        {"compression.codec", "lz4"},
        {"message.timeout.ms", "30000"},
        {"reconnect.backoff.ms", "100"},
        {"reconnect.backoff.max.ms", "1000"},
        {"log.connection.close", "false"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (rd_kafka_conf_set(conf, values[i][0], values[i][1], k->why, sizeof(k->why)) ==
            RD_KAFKA_CONF_OK)
            continue;
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_opaque(conf, k);
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    rd_kafka_conf_set_error_cb(conf, failed);
    rd_kafka_conf_set_log_cb(conf, say_nothing);
    (void)rd_kafka_conf_interceptor_add_on_new(conf, "afxdp", producer_begins, k);
    return conf;
}

static void make_producer(struct kafka *k)
{
    rd_kafka_conf_t *conf = configuration(k);

    k->fatal = false;
    k->made = monotonic_ms();
    if (!conf)
        return;
    k->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, k->why, sizeof(k->why));
    if (!k->producer) {
        rd_kafka_conf_destroy(conf);
        return;
    }
    k->topic = rd_kafka_topic_new(k->producer, k->target.name, NULL);
    if (k->topic)
        return;
    snprintf(k->why, sizeof(k->why), "%s", rd_kafka_err2str(rd_kafka_last_error()));
    rd_kafka_destroy(k->producer);
    k->producer = NULL;
}

/* What is in its queue is lost. */
static void end_producer(struct kafka *k)
{
    if (!k->producer)
        return;
    k->giving_up = true;
    (void)rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (k->waiting > 0)
        (void)rd_kafka_poll(k->producer, POLL_MS);
    k->giving_up = false;
}

static void destroy_producer(struct kafka *k)
{
    end_producer(k);
    if (!k->producer)
        return;
    rd_kafka_topic_destroy(k->topic);
    rd_kafka_destroy(k->producer);
    k->producer = NULL;
}

/* Some errors end an idempotent producer for good: what brokers lost, a right that it lacks. */
static void replace_producer(struct kafka *k)
{
    if (monotonic_ms() - k->made < AGAIN_MS)
        return;
    destroy_producer(k);
    make_producer(k);
}

static void serve(struct eve_sink *sink)
{
    struct kafka *k = of(sink);

    if (k->producer)
        (void)rd_kafka_poll(k->producer, 0);
    if (k->fatal || !k->producer)
        replace_producer(k);
}

/* Brokers that stand still are waited for once. */
static bool wait_for_room(struct kafka *k)
{
    uint64_t since = monotonic_ms(), progress = k->sink.progress;

    while (k->options.waits && !k->in_vain && progress == k->sink.progress) {
        (void)rd_kafka_poll(k->producer, POLL_MS);
        k->in_vain = monotonic_ms() - since > STALL_MS;
    }
    return progress != k->sink.progress;
}

static rd_kafka_resp_err_t produce(struct kafka *k, const char *line, size_t length,
                                   const char *key, size_t key_length)
{
    if (!k->free)
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    return rd_kafka_producev(k->producer, RD_KAFKA_V_RKT(k->topic),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_KEY(key_length ? key : NULL, key_length),
                             RD_KAFKA_V_VALUE((char *)(uintptr_t)line, length),
                             RD_KAFKA_V_OPAQUE(k->free), RD_KAFKA_V_END);
}

static void put(struct eve_sink *sink, const char *line, size_t length, const char *key,
                size_t key_length, const struct eve_pending *pending)
{
    struct kafka *k = of(sink);
    rd_kafka_resp_err_t status = RD_KAFKA_RESP_ERR__STATE;

    if (k->producer)
        do
            status = produce(k, line, length - 1, key, key_length);
        while (status == RD_KAFKA_RESP_ERR__QUEUE_FULL && wait_for_room(k));
    if (status != RD_KAFKA_RESP_ERR_NO_ERROR) {
        k->options.done(k->options.context, pending, false);
        return;
    }
    /* Its report comes from rd_kafka_poll, not before. */
    k->free->pending = *pending;
    k->free = k->free->next;
    k->waiting++;
}

static void finish(struct eve_sink *sink, unsigned wait_ms)
{
    struct kafka *k = of(sink);
    uint64_t since = monotonic_ms(), progress = sink->progress;

    while (wait_ms > 0 && k->waiting > 0 && !k->fatal && monotonic_ms() - since <= wait_ms) {
        (void)rd_kafka_poll(k->producer, POLL_MS);
        if (progress != sink->progress) {
            progress = sink->progress;
            since = monotonic_ms();
        }
    }
    end_producer(k);
}

static void close_kafka(struct eve_sink *sink)
{
    destroy_producer(of(sink));
    free(sink);
}

/* Threads get the rights and the filter of whom they are made by. */
static void *make(void *argument)
{
    make_producer(argument);
    return NULL;
}

int eve_kafka_open(struct eve_sink **out, const struct eve_target *target,
                   const struct eve_sink_options *options, struct error *error)
{
    const struct confine_thread confined = {.who = CONFINED_BROKERS};
    struct kafka *k = calloc(1, sizeof(*k));
    pthread_t maker;

    if (!k)
        return error_set(error, -ENOMEM, "no memory for --eve");
    k->sink = (struct eve_sink){.put = put, .serve = serve, .finish = finish, .close = close_kafka};
    k->options = *options;
    k->target = *target;
    for (size_t i = 0; i < ROOM; i++)
        k->kept[i].next = i + 1 < ROOM ? &k->kept[i + 1] : NULL;
    k->free = k->kept;
    int status = confine_start(&maker, &confined, make, k, error);
    if (status == 0)
        pthread_join(maker, NULL);
    if (status == 0 && !k->producer)
        status = error_set(error, -EINVAL, "--eve %.120s: %.200s", options->path, k->why);
    if (status != 0) {
        free(k);
        return status;
    }
    *out = &k->sink;
    return 0;
}
