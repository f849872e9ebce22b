// SPDX-License-Identifier: BSD-2-Clause
/* A confined thread does its work, and the first call beyond it ends the process with a line. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "file_replace.h"
#include "rights.h"
#include "thread.h"

enum { MIB = 1 << 20, BLOCK = 100 << 10, FAILED = 3, TOLD = 1 };

struct work {
    enum confined who;
    int (*call)(void);
    bool told;
};

static int nothing(void)
{
    return 0;
}

static int open_a_file(void)
{
    return open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

static int make_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int execute(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int become_executable(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

/* A free top of the heap is given back, be it of a few blocks or of many. */
static int allocate(size_t size)
{
    void **last = NULL, **block;

    for (size_t taken = 0; taken < size; taken += BLOCK) {
        block = malloc(BLOCK);
        if (!block)
            return -1;
        memset(block, 1, BLOCK);
        *block = (void *)last;
        last = block;
    }
    while ((block = last)) {
        last = *block;
        free((void *)block);
    }
    return 0;
}

/* What each may do. */
static int work_on(void)
{
    struct pollfd none = {.fd = -1};

    (void)poll(&none, 1, 1);
    return write(STDERR_FILENO, "", 0) == 0 ? 0 : -1;
}

static int replace_a_file(void)
{
    char path[] = "/tmp/confine_test.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd < 0 || close(fd) != 0 || file_replace(path, "state", 5, 0600) != 0)
        return -1;
    return unlink(path);
}

static void *resolve(void *result)
{
    struct addrinfo *found = NULL;

    /* By files, plug-ins and sockets: all that there is to a name. */
    *(int *)result = getaddrinfo("localhost", "9092", NULL, &found);
    if (found)
        freeaddrinfo(found);
    return NULL;
}

static bool forbids; /* an old kernel, and a sanitizer's build, let everything through */

/* Names are resolved, also by a thread that it starts; nothing is written, nor made executable. */
static int use_a_library(void)
{
    pthread_t thread;
    int result = -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || close(fd) != 0 || thread_start(&thread, resolve, &result) != 0)
        return -1;
    pthread_join(thread, NULL);
    if (result != 0 || !forbids)
        return result;
    if (become_executable() != 1 || fork() != -1)
        return -1;
    return open("/tmp/confine_test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1 ? 0 : -1;
}

static void *run(void *argument)
{
    const struct work *work = argument;

    if (rights_give_up() != 0 || confine(work->who) != 0)
        _exit(FAILED);
    if (allocate(MIB) != 0 || allocate(50UL * MIB) != 0)
        _exit(FAILED);
    if (work->who < CONFINED_BLOCKS && work_on() != 0)
        _exit(FAILED);
    if (work->who == CONFINED_STATE && replace_a_file() != 0)
        _exit(FAILED);
    if (work->who == CONFINED_BROKERS && (work_on() != 0 || use_a_library() != 0))
        _exit(FAILED);
    (void)work->call();
    return NULL;
}

/* How a process with such a thread ends, and what it says. */
static int end_of(const struct work *work, char *said, size_t size)
{
    pthread_t thread;
    int status = 0;
    int line[2];

    assert_int_equal(pipe(line), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(line[1], STDERR_FILENO);
        signal(SIGSYS, SIG_DFL); /* cmocka has it */
        if (work->told)
            confine_tell("tester");
        if (thread_start(&thread, run, (void *)(uintptr_t)work) != 0)
            _exit(FAILED);
        pthread_join(thread, NULL);
        (void)open_a_file(); /* the others aren't confined */
        _exit(0);
    }
    close(line[1]);
    ssize_t got = read(line[0], said, size - 1);
    said[got > 0 ? got : 0] = 0;
    close(line[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void work_goes_on(void **state)
{
    const struct work forbidden = {CONFINED_WORKER, open_a_file, true};
    char said[256];

    (void)state;
    forbids = end_of(&forbidden, said, sizeof(said)) != 0;
    void *volatile large = malloc(20UL * MIB);
    free(large); /* tops of 40 MiB are kept from here on (mallopt(3)) */
    for (int who = CONFINED_WORKER; who <= CONFINED_NOT; who++) {
        const struct work work = {(enum confined)who, nothing, true};
        int status = end_of(&work, said, sizeof(said));

        assert_string_equal(said, "");
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static bool is_confined_here(void)
{
    const struct work work = {CONFINED_WORKER, open_a_file, true};
    char said[256];

    if (end_of(&work, said, sizeof(said)) != 0)
        return true;
    print_message("skipped: no seccomp here: an old kernel, or a sanitizer's build\n");
    return false;
}

static void a_forbidden_call_is_named(void **state)
{
    static const struct {
        int (*call)(void);
        const char *name;
    } calls[] = {{open_a_file, "openat"},
                 {make_a_socket, "socket"},
                 {execute, "execve"},
                 {become_executable, "mmap"}};
    static const char *const who[] = {"a worker",
                                      "a writer",
                                      "a writer to a socket",
                                      "the writer of packets",
                                      "the control socket's thread",
                                      "the thread of --metrics",
                                      "the thread of --blocks",
                                      "the thread of --shunts"};
    char said[256], expected[256];

    (void)state;
    if (!is_confined_here())
        skip();
    for (int i = CONFINED_WORKER; i <= CONFINED_SHUNTS; i++) {
        for (size_t j = 0; j < sizeof(calls) / sizeof(calls[0]); j++) {
            const struct work work = {(enum confined)i, calls[j].call, true};
            int status = end_of(&work, said, sizeof(said));

            snprintf(expected, sizeof(expected), "tester: %s made the forbidden system call %s, ",
                     who[i], calls[j].name);
            assert_memory_equal(said, expected, strlen(expected));
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), TOLD);
        }
    }
}

static void *execute_as_a_library(void *none)
{
    confine_inherited(CONFINED_BROKERS); /* as a thread of librdkafka's says */
    (void)execute();
    return none;
}

static int have_a_thread_execute(void)
{
    pthread_t thread;

    if (thread_start(&thread, execute_as_a_library, NULL) == 0)
        pthread_join(thread, NULL);
    return 0;
}

static void a_librarys_threads_are_confined_with_their_maker(void **state)
{
    static const char expected[] =
        "tester: a thread of --eve's broker made the forbidden system call execve, ";
    const struct work works[] = {{CONFINED_BROKERS, execute, true},
                                 {CONFINED_BROKERS, have_a_thread_execute, true}};
    char said[256];

    (void)state;
    if (!is_confined_here())
        skip();
    for (size_t i = 0; i < 2; i++) {
        int status = end_of(&works[i], said, sizeof(said));

        assert_memory_equal(said, expected, strlen(expected));
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), TOLD);
    }
}

static bool kernel_refuses;

int __real_seccomp_load(scmp_filter_ctx filter);
int __wrap_seccomp_load(scmp_filter_ctx filter);

int __wrap_seccomp_load(scmp_filter_ctx filter)
{
    return kernel_refuses ? -EACCES : __real_seccomp_load(filter);
}

static void *note_that_it_runs(void *runs)
{
    *(bool *)runs = true;
    return NULL;
}

static void what_cannot_be_confined_does_not_run(void **state)
{
    const struct confine_thread options = {.who = CONFINED_METRICS};
    struct error error = {""};
    bool runs = false;
    pthread_t thread;

    (void)state;
    if (!is_confined_here())
        skip();
    kernel_refuses = true;
    assert_int_equal(confine_start(&thread, &options, note_that_it_runs, &runs, &error), -EACCES);
    kernel_refuses = false;
    assert_false(runs);
    assert_string_equal(error.text, "cannot confine the thread of --metrics to its system calls "
                                    "(seccomp): Permission denied; docs/rights.md says which they "
                                    "are");
    assert_int_equal(confine_start(&thread, &options, note_that_it_runs, &runs, &error), 0);
    pthread_join(thread, NULL);
    assert_true(runs);
}

static void without_a_program_that_tells_it_is_a_signal(void **state)
{
    const struct work work = {CONFINED_WRITER, open_a_file, false};
    char said[256];

    (void)state;
    if (!is_confined_here())
        skip();
    int status = end_of(&work, said, sizeof(said));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_goes_on),
        cmocka_unit_test(a_forbidden_call_is_named),
        cmocka_unit_test(a_librarys_threads_are_confined_with_their_maker),
        cmocka_unit_test(what_cannot_be_confined_does_not_run),
        cmocka_unit_test(without_a_program_that_tells_it_is_a_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
