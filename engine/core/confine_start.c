// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

#include "confine.h"
#include "confine_private.h"
#include "rights.h"
#include "thread.h"

/* On the stack of the thread that starts another, and waits. */
struct start {
    const struct confine_thread *options;
    void *(*run)(void *);
    void *argument;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool is_settled;
    bool has_rights; /* more than it should */
    int status;
};

static int settle(struct start *start)
{
    const struct confine_thread *options = start->options;

    if (options->name)
        (void)prctl(PR_SET_NAME, options->name, 0, 0, 0);
    if (options->slack_ns)
        (void)prctl(PR_SET_TIMERSLACK, options->slack_ns, 0, 0, 0);
    int status = rights_keep(options->capabilities);
    start->has_rights = status != 0;
    return status == 0 ? confine(options->who) : status;
}

static void *settle_and_run(void *argument)
{
    struct start *start = argument;
    void *(*run)(void *) = start->run;
    void *for_run = start->argument;
    int status = settle(start);

    pthread_mutex_lock(&start->lock);
    start->status = status;
    start->is_settled = true;
    pthread_cond_signal(&start->settled);
    pthread_mutex_unlock(&start->lock);
    return status == 0 ? run(for_run) : NULL;
}

int confine_start(pthread_t *thread, const struct confine_thread *options, void *(*run)(void *),
                  void *argument, struct error *error)
{
    const char *name = confine_name(options->who);
    struct start start = {.options = options,
                          .run = run,
                          .argument = argument,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .settled = PTHREAD_COND_INITIALIZER};
    int status = thread_start(thread, settle_and_run, &start);

    if (status != 0)
        return error_set(error, status, "cannot start %s: %s", name, strerror(-status));
    pthread_mutex_lock(&start.lock);
    while (!start.is_settled)
        pthread_cond_wait(&start.settled, &start.lock);
    pthread_mutex_unlock(&start.lock);
    if (start.status == 0)
        return 0;
    pthread_join(*thread, NULL);
    if (start.has_rights)
        return error_set(error, start.status,
                         "cannot take its capabilities from %s: %s; "
                         "docs/rights.md says which it has",
                         name, strerror(-start.status));
    return error_set(error, start.status,
                     "cannot confine %s to its system calls (seccomp): %s; "
                     "docs/rights.md says which they are",
                     name, strerror(-start.status));
}
