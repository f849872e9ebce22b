// SPDX-License-Identifier: BSD-2-Clause
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"
#include "monotonic.h"

enum { QUIET_ROUNDS = 3 }; /* in a row, until a port counts as drained */

struct worker {
    struct worker_options options;
    pthread_t thread;
    const struct judge *offered;    /* by the main thread */
    const struct judge *taken;      /* by the worker */
    struct burst_observer *invited; /* likewise */
    struct burst_observer *guest;
    bool stop;
    bool ended;
    int status;
    uint64_t idle_since;              /* ns; 0: not idle */
    uint64_t busy_since;              /* ns; 0: idle */
    uint64_t idle_last;               /* ns; when a round last found nothing, or a wait ended */
    uint64_t beat_last;               /* ns, of the coarse clock; 0: never yet */
    uint64_t share_since, share_busy; /* when a share was last taken, and busy_ns then */
};

static void count(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}

static void busy_until(struct worker *w, uint64_t now)
{
    if (w->busy_since != 0 && now > w->busy_since)
        count(&w->options.counters->busy_ns, now - w->busy_since);
}

/* Once a tick, by the heartbeat's clock. */
static void take_share(struct worker *w, uint64_t now)
{
    struct worker_counters *counters = w->options.counters;
    uint64_t passed = now - w->share_since;

    if (w->busy_since != 0 && now > w->busy_since) { /* the clock may be a tick behind */
        busy_until(w, now);
        w->busy_since = now;
    }
    if (passed < (uint64_t)WORKER_SHARE_MS * 1000000)
        return;
    uint64_t busy = counters->busy_ns - w->share_busy;
    if (busy > passed)
        busy = passed;
    if (w->share_since != 0) {
        count(&counters->shares[busy == 0 ? 0 : (busy * WORKER_SHARES - 1) / passed], 1);
        count(&counters->shares_sum, busy * 1000000 / passed);
    }
    w->share_since = now;
    w->share_busy = counters->busy_ns;
}

/* The coarse clock costs no system call whatever the machine's clock is, and changes once a tick:
 * only then are the others' cache lines taken. */
static void beat(struct worker *w)
{
    struct worker_counters *counters = w->options.counters;
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    if (now == w->beat_last)
        return;
    if (w->beat_last != 0 && now - w->beat_last > counters->longest_pause_ns)
        count(&counters->longest_pause_ns, now - w->beat_last - counters->longest_pause_ns);
    w->beat_last = now;
    take_share(w, now);
    for (uint32_t i = 0; i < WORKER_ROUTES_MAX; i++)
        if (w->options.heartbeat[i])
            __atomic_store_n(w->options.heartbeat[i], now, __ATOMIC_RELAXED);
}

static void take_judge(struct worker *w)
{
    const struct judge *offered = __atomic_load_n(&w->offered, __ATOMIC_ACQUIRE);

    if (offered == w->taken)
        return;
    w->options.pipeline->classifier = offered->classifier;
    w->options.pipeline->policy = offered->policy;
    __atomic_store_n(&w->taken, offered, __ATOMIC_RELEASE);
}

/* Nobody else has come to the head of the list meanwhile: all others are there from the start. */
static void take_guest(struct worker *w)
{
    struct burst_observer *invited = __atomic_load_n(&w->invited, __ATOMIC_ACQUIRE);
    struct pipeline *pipeline = w->options.pipeline;

    if (invited == w->guest)
        return;
    if (w->guest)
        pipeline->observer = w->guest->next;
    if (invited)
        pipeline_add_observer(pipeline, invited);
    __atomic_store_n(&w->guest, invited, __ATOMIC_RELEASE);
}

static int run_routes(struct worker *w)
{
    int received = 0;

    take_judge(w);
    take_guest(w);
    beat(w);
    for (uint32_t i = 0; i < w->options.route_count; i++) {
        int status = pipeline_run(w->options.pipeline, &w->options.routes[i]);

        if (status < 0)
            return status;
        if (status > 0)
            histogram_add(&w->options.counters->bursts, (uint32_t)status);
        received += status;
    }
    return received;
}

/* A clock is read only while nothing comes in. */
static int idle(struct worker *w)
{
    uint64_t now = monotonic_ns();

    w->idle_last = now;
    if (w->idle_since == 0) {
        w->idle_since = now;
        busy_until(w, now);
        w->busy_since = 0;
    }
    if (now - w->idle_since < (uint64_t)w->options.spin_us * 1000)
        return 0;
    count(&w->options.counters->sleeps, 1);
    int status = w->options.ports.wait(w->options.ports.context, WORKER_WAIT_MS);
    w->idle_last = monotonic_ns();
    return status;
}

static int work(struct worker *w)
{
    while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
        int received = run_routes(w);

        if (received < 0)
            return received;
        if (received > 0) {
            w->idle_since = 0;
            if (w->busy_since == 0) /* the round that found these packets counts too */
                w->busy_since = w->idle_last;
            continue;
        }
        int status = idle(w);
        if (status < 0)
            return status;
    }
    return 0;
}

static int drain(struct worker *w)
{
    uint64_t end = monotonic_ns() + (uint64_t)w->options.drain_ms * 1000000;
    int quiet = 0;

    while (quiet < QUIET_ROUNDS && monotonic_ns() < end) {
        int received = run_routes(w);

        if (received < 0)
            return received;
        quiet =
            received == 0 && w->options.ports.sent_all(w->options.ports.context) ? quiet + 1 : 0;
    }
    return 0;
}

static void *worker_thread(void *argument)
{
    struct worker *w = argument;

    w->idle_last = monotonic_ns();
    w->status = work(w);
    busy_until(w, monotonic_ns());
    w->busy_since = 0;
    if (w->status == 0)
        w->status = drain(w);
    else if (w->status == -ENXIO) /* gone, but what came before can be read */
        (void)drain(w);
    __atomic_store_n(&w->ended, true, __ATOMIC_RELEASE);
    return NULL;
}

int worker_start(struct worker **out, const struct worker_options *options, struct error *error)
{
    const struct confine_thread confined = {
        .who = options->pipeline->calls_out ? CONFINED_NOT : CONFINED_WORKER,
        .name = options->name,
    };
    struct worker *w = calloc(1, sizeof(*w));
    cpu_set_t core;

    if (!w)
        return error_set(error, -ENOMEM, "out of memory");
    w->options = *options;
    beat(w);
    int status = confine_start(&w->thread, &confined, worker_thread, w, error);
    if (status != 0) {
        free(w);
        return status;
    }
    if (options->core >= 0) {
        CPU_ZERO(&core);
        CPU_SET((size_t)options->core, &core);
        status = -pthread_setaffinity_np(w->thread, sizeof(core), &core);
    }
    if (status != 0) {
        worker_stop(w);
        worker_join(w);
        return error_set(error, status, "cannot pin a worker to core %d: %s", options->core,
                         strerror(-status));
    }
    *out = w;
    return 0;
}

void worker_offer_judge(struct worker *w, const struct judge *judge)
{
    __atomic_store_n(&w->offered, judge, __ATOMIC_RELEASE);
}

bool worker_has_taken(const struct worker *w, const struct judge *judge)
{
    return __atomic_load_n(&w->taken, __ATOMIC_ACQUIRE) == judge || worker_has_ended(w);
}

void worker_set_guest(struct worker *w, struct burst_observer *guest)
{
    __atomic_store_n(&w->invited, guest, __ATOMIC_RELEASE);
}

bool worker_has_guest(const struct worker *w, const struct burst_observer *guest)
{
    return worker_has_ended(w) ? !guest : __atomic_load_n(&w->guest, __ATOMIC_ACQUIRE) == guest;
}

void worker_stop(struct worker *w)
{
    __atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
}

int worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
    int status = w->status;
    free(w);
    return status;
}

bool worker_has_ended(const struct worker *w)
{
    return __atomic_load_n(&w->ended, __ATOMIC_ACQUIRE);
}
