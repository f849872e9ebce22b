// SPDX-License-Identifier: BSD-2-Clause
/* A thread gives its rights up, for good, and the others keep theirs. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <linux/capability.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rights.h"

struct rights {
    uint64_t permitted;
    uint64_t effective;
};

static struct rights current(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    return (struct rights){data[0].permitted | (uint64_t)data[1].permitted << 32,
                           data[0].effective | (uint64_t)data[1].effective << 32};
}

static void *give_up(void *argument)
{
    struct rights *after = argument;

    assert_int_equal(rights_give_up(), 0);
    *after = current();
    assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    assert_int_equal(rights_give_up(), 0); /* again is no error */
    return NULL;
}

static void one_thread_gives_up_and_the_others_do_not(void **state)
{
    struct rights before = current(), after = {1, 1};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, give_up, &after), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(after.permitted, 0);
    assert_int_equal(after.effective, 0);
    assert_int_equal(current().effective, before.effective);
    assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

/* Root that executes a program gets every capability again, were it not for no_new_privs. */
static void what_it_executes_has_none_either(void **state)
{
    int status = 0;

    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (rights_give_up() != 0)
            _exit(1);
        execl("/bin/sh", "sh", "-c",
              "grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && exit 2; exit 0", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_gives_up_and_the_others_do_not),
        cmocka_unit_test(what_it_executes_has_none_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
