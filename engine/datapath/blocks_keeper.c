// SPDX-License-Identifier: BSD-2-Clause
#include "blocks_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"

enum { EVERY_S = 60 };

struct blocks_keeper {
    struct blocks *blocks;
    const char *path;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t told;  /* `hurry` or `ends` */
    pthread_cond_t wrote; /* for the first time */
    bool hurry, ends, began;
    int status;
    struct error error;
};

/* Until a minute is over, or there is something to do. With the lock held. */
static void wait_for_work(struct blocks_keeper *k)
{
    struct timespec due;

    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec += EVERY_S;
    while (!k->hurry && !k->ends && pthread_cond_timedwait(&k->told, &k->lock, &due) == 0)
        ;
}

static void *run(void *argument)
{
    struct blocks_keeper *k = argument;
    bool last = false;

    pthread_mutex_lock(&k->lock);
    while (!last) {
        struct error error = {""};

        last = k->ends;
        k->hurry = false;
        pthread_mutex_unlock(&k->lock);
        int status = blocks_save(k->blocks, k->path, &error);
        pthread_mutex_lock(&k->lock);
        k->status = status;
        k->error = error;
        k->began = true;
        pthread_cond_signal(&k->wrote);
        if (!last)
            wait_for_work(k);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

static int wait_for_first(struct blocks_keeper *k, struct error *error)
{
    pthread_mutex_lock(&k->lock);
    while (!k->began)
        pthread_cond_wait(&k->wrote, &k->lock);
    int status = k->status;
    *error = status == 0 ? *error : k->error;
    pthread_mutex_unlock(&k->lock);
    return status;
}

int blocks_keeper_open(struct blocks_keeper **out, struct blocks *blocks, const char *path,
                       struct error *error)
{
    struct blocks_keeper *k = calloc(1, sizeof(*k));
    const struct confine_thread options = {.who = CONFINED_STATE};
    pthread_condattr_t monotonic;

    if (!k)
        return error_set(error, -ENOMEM, "no memory for --state");
    k->blocks = blocks;
    k->path = path;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wrote, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&k->told, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int status = confine_start(&k->thread, &options, run, k, error);
    if (status != 0) {
        free(k);
        return status;
    }
    status = wait_for_first(k, error);
    if (status != 0)
        (void)blocks_keeper_close(k, NULL);
    else
        *out = k;
    return status;
}

static void tell(struct blocks_keeper *k, bool *what)
{
    pthread_mutex_lock(&k->lock);
    *what = true;
    pthread_cond_signal(&k->told);
    pthread_mutex_unlock(&k->lock);
}

void blocks_keeper_hurry(struct blocks_keeper *k)
{
    if (k)
        tell(k, &k->hurry);
}

int blocks_keeper_check(struct blocks_keeper *k, struct error *error)
{
    pthread_mutex_lock(&k->lock);
    int status = k->status;
    if (status != 0 && error)
        *error = k->error;
    pthread_mutex_unlock(&k->lock);
    return status;
}

int blocks_keeper_close(struct blocks_keeper *k, struct error *error)
{
    if (!k)
        return 0;
    tell(k, &k->ends);
    pthread_join(k->thread, NULL);
    int status = blocks_keeper_check(k, error);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->told);
    pthread_cond_destroy(&k->wrote);
    free(k);
    return status;
}
