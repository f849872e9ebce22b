// SPDX-License-Identifier: BSD-2-Clause
/* Replacing the model 1,000 times while packets run: each gets one verdict, of one model and with
 * that model's policy, and no flow is begun anew. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "dt.h"
#include "dt_kernel.h"
#include "guard.h"
#include "kernel_models.h"
#include "load.h"
#include "nn_kernel.h"
#include "path_run.h"
#include "telltale.h"

enum { FRAMES_PER_RUN = 5000, SOURCES = 1024 };
/* A model that is code is verified anew each time, which takes some 40 ms. */
enum { REFILLED = 400, LOADED = 150 };

static const uint8_t frame[64] = {
    2, 0, 0,  0,  0, 1, 2,  0, 0, 0, 0,   2, 8, 0, 0x45, 0,    0, 50, 0, 0,
    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1, 0x30, 0x39, 0, 53, 0, 30,
};

static const struct path_settings settings = {
    .options = {.bench_mask = SOURCES - 1},
    .flows = 1 << 15, /* so many that no bucket of eight overflows */
    .timeout = UINT64_MAX,
    .seed = 3,
};

/* What is under test: a form, and its two models. */
struct subject {
    const char *name;
    int (*open)(struct path_program **out, const struct subject *subject, const void *model,
                struct error *error);
    enum nn_form form;
    const void *model[2];
};

static int open_nn(struct path_program **out, const struct subject *subject, const void *model,
                   struct error *error)
{
    return nn_kernel_new(out, subject->form, model, error);
}

static int open_dt(struct path_program **out, const struct subject *subject, const void *model,
                   struct error *error)
{
    (void)subject;
    return dt_kernel_new(out, model, error);
}

/* Sends packets into the guard until told to stop, on one CPU. */
struct load {
    int guard;
    uint64_t frames;
    int status;
    _Atomic bool stop;
};

static void *send_frames(void *context)
{
    struct load *load = context;

    kernel_stay_on_cpu();
    while (!load->stop && load->status == 0) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
                    .repeat = FRAMES_PER_RUN);

        load->status = bpf_prog_test_run_opts(load->guard, &options) == 0 ? 0 : -errno;
        load->frames += FRAMES_PER_RUN;
    }
    return NULL;
}

/* Drops the model's own class: a packet with the other's policy would pass. */
static struct path_policy policy_of(uint32_t which)
{
    struct path_policy policy = {.action = {0}};

    policy.action[which] = ACTION_DROP;
    return policy;
}

static int exchange(struct xdp_path *path, struct guard *guard, const struct subject *subject,
                    uint32_t which, struct error *error)
{
    struct path_policy policy = policy_of(which);
    struct path_program *old = path->program;
    struct path_program *next;
    int status = subject->open(&next, subject, subject->model[which], error);

    if (status == 0)
        status = path_configure(next, &path->settings, error);
    if (status == 0)
        status = path_share(path, next, error);
    if (status == 0)
        status = xdp_load(next->object, error);
    if (status == 0)
        status = path_settle(next, subject->model[which], &policy, error);
    if (status == 0)
        status = guard_set_program(
            guard, bpf_program__fd(bpf_object__find_program_by_name(next->object, next->entry)),
            error);
    if (status != 0)
        return status;
    path_adopt(path, next);
    path_program_free(old);
    return 0;
}

/* Without a rhythm that runs of packets, which a replacement waits for, could fall in step with. */
static uint32_t next_model(uint32_t replacement)
{
    return (uint32_t)__builtin_popcount(replacement) & 1;
}

static int replace(struct xdp_path *path, struct guard *guard, const struct subject *subject,
                   uint32_t which, struct error *error)
{
    struct path_policy policy = policy_of(which);

    if (path->program->fill)
        return path_install(path, subject->model[which], &policy, error);
    return exchange(path, guard, subject, which, error);
}

static uint32_t replacements(const struct xdp_path *path)
{
    return path->program->fill ? REFILLED : LOADED;
}

static int verdicts_hold(const struct xdp_path *path, const struct load *load,
                         const struct subject *subject)
{
    struct path_counters counters;

    path_totals(path, &counters);
    const struct stats *stats = &counters.stats;
    uint64_t judged = stats->slots[0] + stats->slots[1];
    printf("%-9s %u replacements, %" PRIu64 " packets, %" PRIu64 " + %" PRIu64 " judged, %" PRIu64
           " by a mix, %" PRIu64 " not dropped, %" PRIu64 " flows begun\n",
           subject->name, replacements(path), load->frames, stats->slots[0], stats->slots[1],
           stats->slots[TELLTALE_MIXED], stats->packets - stats->endings[ENDING_DROPPED],
           stats->flows);
    return load->status == 0 && stats->packets == load->frames && judged == load->frames &&
           stats->slots[0] > 0 && stats->slots[1] > 0 &&
           stats->endings[ENDING_DROPPED] == load->frames && stats->flows == SOURCES;
}

static int check(const struct subject *subject, struct guard *guard)
{
    struct path_policy policy = policy_of(0);
    struct path_program *program;
    struct xdp_path *path;
    struct error error;
    struct load load = {.guard = xdp_program_fd(guard_attachment(guard))};
    pthread_t thread;

    if (subject->open(&program, subject, subject->model[0], &error) != 0 ||
        path_run_open(&path, program, &settings, NULL, &error) != 0 ||
        path_install(path, subject->model[0], &policy, &error) != 0 ||
        guard_set_program(guard, path_entry_fd(path), &error) != 0) {
        printf("%s: %s\n", subject->name, error.text);
        return 1;
    }
    if (pthread_create(&thread, NULL, send_frames, &load) != 0)
        return 1;
    int status = 0;
    for (uint32_t i = 1, all = replacements(path); status == 0 && i <= all; i++)
        status = replace(path, guard, subject, next_model(i), &error);
    load.stop = true;
    pthread_join(thread, NULL);
    if (status != 0)
        printf("%s: %s\n", subject->name, error.text);
    bool good = status == 0 && verdicts_hold(path, &load, subject);
    guard_clear_program(guard);
    path_run_close(path);
    return !good;
}

/* In a network namespace of its own. */
static int check_all(const struct subject *subjects, size_t count)
{
    struct guard *guard;
    struct error error;
    int failures = 0;

    if (unshare(CLONE_NEWNET) != 0) {
        printf("skipped: no network namespaces: %s\n", strerror(errno));
        return 77;
    }
    /* Any interface will do: packets come from BPF_PROG_TEST_RUN. */
    const struct guard_options options = {.interface = "lo", .without = GUARD_PASS, .skb = true};
    if (guard_open(&guard, &options, &error) != 0) {
        printf("%s\n", error.text);
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        failures += check(&subjects[i], guard);
    guard_close(guard);
    return failures != 0;
}

/* Two processes share the subjects: a replacement mostly waits for the kernel to let go of what it
 * took the place of, and the first subject waits as long as the others together. */
static int check_in_halves(const struct subject *subjects, size_t count)
{
    int others = 1;
    pid_t child = fork();

    if (child < 0)
        return 1;
    if (child == 0)
        exit(check_all(subjects + 1, count - 1));
    int first = check_all(subjects, 1);
    if (waitpid(child, &others, 0) != child || !WIFEXITED(others))
        return 1;
    return first != 0 ? first : WEXITSTATUS(others);
}

int main(void)
{
    setlinebuf(stdout);
    kernel_need_root();
    struct subject subjects[] = {
        {"single", open_nn, NN_FORM_SINGLE, {NULL}},
        {"loops", open_nn, NN_FORM_LOOPS, {NULL}},
        {"tailcall", open_nn, NN_FORM_TAILCALL, {NULL}},
        {"tree", open_dt, 0, {NULL}},
        {"forest", open_dt, 0, {NULL}},
    };
    for (uint32_t which = 0; which < 2; which++) {
        const struct nn_model *network = telltale_network(which);

        subjects[0].model[which] = subjects[1].model[which] = subjects[2].model[which] = network;
        subjects[3].model[which] = telltale_forest(which, 1);
        subjects[4].model[which] = telltale_forest(which, 5);
    }
    int status = check_in_halves(subjects, sizeof(subjects) / sizeof(subjects[0]));
    for (uint32_t which = 0; which < 2; which++) {
        free((void *)subjects[0].model[which]);
        dt_model_free((struct dt_model *)subjects[3].model[which]);
        dt_model_free((struct dt_model *)subjects[4].model[which]);
    }
    return status;
}
