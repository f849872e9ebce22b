// SPDX-License-Identifier: BSD-2-Clause
#include "shunts.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"
#include "monotonic.h"
#include "report_value.h"
#include "rights.h"
#include "stats.h"

#define ROUND_NS 200000L
#define SLACK_NS 1000

/* Written by the thread. */
struct counters {
    uint64_t begun, ended, failed;
};

struct shunts {
    struct shunts_options options;
    struct shunted map;
    struct shunter **shunter; /* one for each worker */
    struct counters counters;
    pthread_t thread;
    bool runs;
    bool stop;
};

int shunts_check(const struct afxdp_config *config, struct error *error)
{
    if (tunnel_options_look(&config->tunnels))
        return error_set(error, -EINVAL,
                         "shunt: the program that lets flows go by sees neither what is inside a "
                         "tunnel nor whose VLAN a flow is: leave --tunnels and --flow-key out");
    if (config_way(config) == WAY_HAIRPIN)
        return error_set(error, -EINVAL,
                         "shunt: what goes by unjudged crosses to another port or reaches the "
                         "host, it doesn't go back: leave --hairpin out");
    return 0;
}

int shunts_open(struct shunts **out, const struct shunts_options *options, struct error *error)
{
    struct shunts *s = calloc(1, sizeof(*s));
    int status = 0;

    if (!s)
        return error_set(error, -ENOMEM, "no memory for shunts");
    s->options = *options;
    s->map = (struct shunted){-1, options->every, options->seconds * UINT64_C(1000000000)};
    s->shunter = calloc(options->workers, sizeof(struct shunter *));
    if (!s->shunter)
        status = -ENOMEM;
    for (uint32_t i = 0; status == 0 && i < options->workers; i++)
        status = shunter_new(&s->shunter[i], options->kernel_clock);
    if (status != 0)
        status =
            error_set(error, status, "no memory for the shunts of %u workers", options->workers);
    else
        status = shunted_open(&s->map, options->most, error);
    if (status != 0) {
        shunts_close(s);
        return status;
    }
    *out = s;
    return 0;
}

const struct shunted *shunts_map(const struct shunts *s)
{
    return s ? &s->map : NULL;
}

struct shunter *shunts_shunter(struct shunts *s, uint32_t worker)
{
    return s ? s->shunter[worker] : NULL;
}

/* What a worker reads meanwhile belongs to the flow as long as the tag is its: a place that another
 * flow has taken at this very moment counts some packets as overtaken that weren't. */
static void note_begin(const struct shunt_order *order, uint64_t now)
{
    if (__atomic_load_n(&order->run->tag, __ATOMIC_RELAXED) == order->tag)
        __atomic_store_n(&order->run->begun, now, __ATOMIC_RELAXED);
}

static void carry_out(struct shunts *s, const struct shunt_order *order)
{
    if (!order->begins) {
        if (shunted_remove(&s->map, &order->flow) == 0)
            stats_add(&s->counters.ended, 1);
        return;
    }
    uint64_t now = monotonic_ns();
    int status = shunted_add(&s->map, &order->flow, now);
    if (status == 0) {
        stats_add(&s->counters.begun, 1);
        note_begin(order, now);
    } else if (status != -EEXIST) {
        stats_add(&s->counters.failed, 1);
    }
}

static void *run(void *context)
{
    const struct timespec pause = {.tv_nsec = ROUND_NS};
    struct shunts *s = context;
    struct shunt_order order;

    while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
        for (uint32_t i = 0; i < s->options.workers; i++)
            for (uint32_t n = 0; n < WORKER_RING_SIZE &&
                                 worker_ring_take(s->shunter[i]->ring, &order, sizeof(order));
                 n++)
                carry_out(s, &order);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

int shunts_start(struct shunts *s, struct error *error)
{
    const struct confine_thread options = {.who = CONFINED_SHUNTS,
                                           .capabilities = rights_for_bpf(),
                                           .name = "shunts",
                                           .slack_ns = SLACK_NS};
    int status = confine_start(&s->thread, &options, run, s, error);

    s->runs = status == 0;
    return status;
}

static uint64_t read_counter(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

json_t *shunts_json(const struct shunted *map, const struct shunts_seen *seen)
{
    json_t *object = json_object();

    report_number(object, "now", shunted_count(map));
    report_number(object, "begun", seen->begun);
    report_number(object, "otherwise", seen->otherwise);
    report_number(object, "finished", seen->finished);
    report_number(object, "silent", seen->silent);
    report_number(object, "packets", seen->packets);
    report_number(object, "bytes", seen->bytes);
    report_number(object, "judged", seen->judged);
    report_number(object, "judged_otherwise", seen->judged_otherwise);
    report_number(object, "overtaken", seen->overtaken);
    report_number(object, "failed", seen->failed);
    report_number(object, "lost", seen->lost);
    return object;
}

json_t *shunts_report(const struct shunts *s, const struct redirect_counters *programs)
{
    struct shunts_seen seen = {
        .begun = read_counter(&s->counters.begun),
        .otherwise = read_counter(&s->counters.ended),
        .finished = programs->shunts_finished,
        .silent = programs->shunts_silent,
        .packets = programs->shunted,
        .bytes = programs->shunted_bytes,
        .judged = programs->shunts_judged,
        .failed = read_counter(&s->counters.failed),
    };

    for (uint32_t i = 0; i < s->options.workers; i++) {
        seen.lost += read_counter(&s->shunter[i]->ring->lost);
        seen.overtaken += read_counter(&s->shunter[i]->overtaken);
        seen.judged_otherwise += read_counter(&s->shunter[i]->otherwise);
    }
    return shunts_json(&s->map, &seen);
}

void shunts_close(struct shunts *s)
{
    if (!s)
        return;
    __atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
    if (s->runs)
        pthread_join(s->thread, NULL);
    for (uint32_t i = 0; s->shunter && i < s->options.workers; i++)
        shunter_free(s->shunter[i]);
    free(s->shunter);
    shunted_close(&s->map);
    free(s);
}
