// SPDX-License-Identifier: BSD-2-Clause
/* What a user without privileges can do to an engine: nothing. And who has an interface, and what
 * is left of those that are gone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_lab.h"
#include "run_folder.h"

/* What an unprivileged user tries; 0 when all of it failed. */
static void attack_as_nobody(const void *with)
{
    const char *pin = with;
    char own[256], moved[64];
    char path[] = RUN_FOLDER "/x";
    DIR *run = opendir(RUN_FOLDER);

    if (setgid(65534) != 0 || setuid(65534) != 0)
        _exit(1);
    if (run) /* even by a descriptor from before */
        for (const struct dirent *d = readdir(run); d; d = readdir(run)) {
            if (d->d_name[0] == '.')
                continue;
            if (openat(dirfd(run), d->d_name, O_RDONLY) >= 0 ||
                unlinkat(dirfd(run), d->d_name, 0) == 0)
                _exit(2);
        }
    if (open(path, O_CREAT | O_RDWR, 0600) >= 0 || rename(RUN_FOLDER, "/run/moved") == 0)
        _exit(3);
    if (unlink(pin) == 0 || bpf_obj_get(pin) >= 0)
        _exit(4);
    snprintf(own, sizeof(own), "%s", pin);
    *strrchr(own, '/') = 0;
    snprintf(moved, sizeof(moved), "%s/moved", lab_bpffs);
    if (rename(own, moved) == 0 || rmdir(own) == 0)
        _exit(5);
}

static void make_folder_first(const void *with)
{
    if (setgid(65534) != 0 || setuid(65534) != 0 || mkdir(with, 0777) != 0 ||
        chmod(with, 0777) != 0)
        _exit(1);
}

static void test_a_stranger_cannot_disarm_fail_open(void **state)
{
    char taken[64];
    struct try try;

    (void)state;
    snprintf(taken, sizeof(taken), "%s/afxdp-engine", lab_bpffs);
    for (int first = 0; first < 2; first++) { /* the stranger came first */
        if (first)
            in_child(make_folder_first, taken);
        attach(&try, true, false, XDP_MEANS_AUTO);
        assert_int_equal(strncmp(link_pin(), taken, strlen(taken)), 0);
        assert_int_equal(link_pin()[strlen(taken)] == '/', !first);
        uint32_t before = what().id;
        in_child(attack_as_nobody, link_pin());
        assert_int_equal(pinned_program(), before);
        xdp_leave(try.attachment);
        forget(&try);
        assert_int_equal(what().id, before);
        in_child(attack_as_nobody, link_pin());
        attach(&try, true, false, XDP_MEANS_AUTO); /* it is found again */
        assert_true(try.attachment->replaced);
        detach(&try);
        assert_int_equal(what().id, 0);
    }
    assert_int_equal(rmdir(taken), 0);
}

static void expect_refused(const char *why)
{
    struct try try;

    assert_int_equal(prepare(&try, false, false, XDP_MEANS_AUTO), -EPERM);
    assert_non_null(strstr(try.error.text, why));
}

/* Where /run is writable by all, as in some containers, a stranger could come first. */
static void test_a_run_folder_of_a_stranger_is_refused(void **state)
{
    struct try try;

    (void)state;
    assert_int_equal(chmod("/run", 01777), 0);
    (void)rmdir(RUN_FOLDER);
    in_child(make_folder_first, RUN_FOLDER);
    expect_refused("then remove it: rm -r " RUN_FOLDER);
    assert_int_equal(rmdir(RUN_FOLDER), 0);
    assert_int_equal(mkdir(RUN_FOLDER, 0777), 0);
    assert_int_equal(chmod(RUN_FOLDER, 0777), 0);
    expect_refused("mode 777");
    assert_int_equal(rmdir(RUN_FOLDER), 0);
    assert_int_equal(symlink("/tmp", RUN_FOLDER), 0);
    expect_refused(RUN_FOLDER " is no folder");
    assert_int_equal(unlink(RUN_FOLDER), 0);
    assert_int_equal(chmod("/run", 0777), 0);
    expect_refused("chmod 755 /run");
    assert_int_equal(chmod("/run", 0755), 0);
    attach(&try, false, false, XDP_MEANS_AUTO);
    detach(&try);
}

/* The holder is named each time, to whoever asks. */
static void test_the_holder_is_named_every_time(void **state)
{
    char process[32];
    int ready[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t holder = fork();
    if (holder == 0) {
        struct try try;
        attach(&try, false, false, XDP_MEANS_AUTO);
        (void)!write(ready[1], "x", 1);
        sleep(20); /* until it is killed */
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(process, sizeof(process), "(process %d)", (int)holder);
    for (int i = 0; i < 3; i++) {
        struct try try;
        assert_int_equal(prepare(&try, false, false, XDP_MEANS_AUTO), -EBUSY);
        assert_non_null(strstr(try.error.text, PORT ": another afxdp-engine has it"));
        assert_non_null(strstr(try.error.text, process));
    }
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    clear_port(); /* at once, though the kernel may take its time to let the link go */
}

static int count_files(const char *path)
{
    DIR *files = opendir(path);
    const struct dirent *d;
    int count = 0;

    while (files && (d = readdir(files)) != NULL)
        count += d->d_name[0] != '.';
    if (files)
        closedir(files);
    return count;
}

static void test_what_a_removed_interface_left_is_cleared_away(void **state)
{
    char ours[64];
    struct try try;

    (void)state;
    snprintf(ours, sizeof(ours), "%s/afxdp-engine", lab_bpffs);
    assert_int_equal(count_files(RUN_FOLDER), 0);
    for (int i = 0; i < 3; i++) {
        die_attached(true, false, XDP_MEANS_AUTO);
        run("ip link del " PORT " && ip link add " PORT " type veth && ip link set " PORT " up");
    }
    attach(&try, true, false, XDP_MEANS_AUTO);
    assert_false(try.attachment->replaced);
    assert_int_equal(count_files(ours), 3); /* link, program and marker of the one that is there */
    assert_int_equal(count_files(RUN_FOLDER), 1);
    detach(&try);
    assert_int_equal(access(ours, F_OK), -1);
    assert_int_equal(count_files(RUN_FOLDER), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_cannot_disarm_fail_open),
        cmocka_unit_test(test_a_run_folder_of_a_stranger_is_refused),
        cmocka_unit_test(test_the_holder_is_named_every_time),
        cmocka_unit_test(test_what_a_removed_interface_left_is_cleared_away),
    };

    return lab_run(tests);
}
