// SPDX-License-Identifier: BSD-2-Clause
/* A confined thread does its work, and the first call beyond it ends the process with a line. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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

static void *run(void *argument)
{
    const struct work *work = argument;

    if (rights_give_up() != 0 || confine(work->who) != 0)
        _exit(FAILED);
    if (allocate(MIB) != 0 || allocate(50UL * MIB) != 0)
        _exit(FAILED);
    if (work->who < CONFINED_BLOCKS && work_on() != 0)
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
    char said[256];

    (void)state;
    void *volatile large = malloc(20UL * MIB);
    free(large); /* tops of 40 MiB are kept from here on (mallopt(3)) */
    for (int who = CONFINED_WORKER; who <= CONFINED_SHUNTS; who++) {
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
        cmocka_unit_test(without_a_program_that_tells_it_is_a_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
