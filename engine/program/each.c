// SPDX-License-Identifier: BSD-2-Clause
#include "each.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "progress.h"
#include "signals.h"

struct item {
    pid_t process; /* 0: not at work */
    bool ended;
    int status;
    FILE *out;
};

struct run {
    const struct each *each;
    struct item *items;
    uint32_t begun;
    uint32_t working;
    uint32_t collected;
    uint32_t ended;
    int worst;
    bool told;      /* to end */
    bool failed;    /* to begin one: the others end too */
    sigset_t child; /* SIGCHLD, held back so that none is missed between two looks */
    sigset_t before;
};

static int begin(struct run *run, struct error *error)
{
    struct item *item = &run->items[run->begun];

    item->out = tmpfile();
    if (!item->out)
        return error_set(error, -errno, "cannot make a temporary file: %s", strerror(errno));
    fflush(NULL);
    item->process = fork();
    if (item->process < 0)
        return error_set(error, -errno, "cannot start a process: %s", strerror(errno));
    if (item->process == 0) {
        sigprocmask(SIG_SETMASK, &run->before, NULL);
        progress_leave();
        int status = run->each->work(run->each->context, run->begun, item->out);

        fflush(NULL);
        _exit(status);
    }
    run->begun++;
    run->working++;
    return 0;
}

/* Again and again: one that comes before a process waits for a file doesn't end the waiting. */
static void tell_to_end(struct run *run)
{
    for (uint32_t i = run->collected; i < run->begun; i++) {
        if (run->items[i].process > 0)
            kill(run->items[i].process, SIGTERM);
    }
}

/* Waits for one of the processes, and no others: a library may have its own. */
static void wait_for_one(struct run *run)
{
    static const struct timespec a_while = {.tv_nsec = 100000000};

    for (;;) {
        for (uint32_t i = run->collected; i < run->begun; i++) {
            struct item *item = &run->items[i];
            int status;

            if (item->process <= 0 || waitpid(item->process, &status, WNOHANG) != item->process)
                continue;
            item->process = 0;
            item->ended = true;
            item->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
            run->working--;
            run->ended++;
            return;
        }
        if (run->failed || signals_end_wanted())
            tell_to_end(run);
        progress_items(run->ended, run->each->count);
        sigtimedwait(&run->child, NULL, &a_while);
    }
}

static void collect(struct run *run)
{
    while (run->collected < run->begun && run->items[run->collected].ended) {
        struct item *item = &run->items[run->collected];

        rewind(item->out);
        progress_clear();
        run->each->collect(run->each->context, run->collected, item->status, item->out);
        fclose(item->out);
        item->out = NULL;
        if (item->status > run->worst)
            run->worst = item->status;
        run->collected++;
    }
}

int each_run(const struct each *each, struct error *error)
{
    struct run run = {.each = each, .items = calloc(each->count + 1, sizeof(struct item))};
    int err = 0;

    if (!run.items)
        return error_set(error, -ENOMEM, "no memory for %u captures", each->count);
    sigemptyset(&run.child);
    sigaddset(&run.child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &run.child, &run.before);
    while (!err && (run.working > 0 || run.begun < each->count)) {
        bool more = run.begun < each->count && !signals_end_wanted();

        if (more && run.working < each->jobs)
            err = begin(&run, error);
        else if (run.working == 0)
            break;
        else
            wait_for_one(&run);
        collect(&run);
    }
    run.failed = err != 0;
    while (run.working > 0)
        wait_for_one(&run);
    collect(&run);
    progress_clear();
    sigprocmask(SIG_SETMASK, &run.before, NULL);
    for (uint32_t i = 0; i < each->count; i++) {
        if (run.items[i].out)
            fclose(run.items[i].out);
    }
    free(run.items);
    return err ? err : run.worst;
}
