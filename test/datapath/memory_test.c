// SPDX-License-Identifier: BSD-2-Clause
/* What limits of machine and cgroups leave, read from a folder that stands for /; and what a run
 * that fits, or doesn't, is told. */
#include "memory_plan.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define V2 "0::/outer/inner\n", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

static char root[] = "/tmp/memory_test.XXXXXX";

static void put(const char *name, const char *text)
{
    char path[512];

    for (const char *at = name; (at = strchr(at, '/')); at++) {
        snprintf(path, sizeof(path), "%s/%.*s", root, (int)(at - name), name);
        (void)mkdir(path, 0700);
    }
    snprintf(path, sizeof(path), "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void empty(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    assert_int_equal(system(command), 0);
    assert_int_equal(mkdir(root, 0700), 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int each(void **state)
{
    (void)state;
    empty();
    put("proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable: 8388608 kB\nHugePages_Free: 0\n"
                        "HugePages_Rsvd: 0\nHugepagesize: 2048 kB\n");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    empty();
    return rmdir(root);
}

static struct memory_room room_in(const char *cgroup, const char *mounts)
{
    struct memory_room room;

    put("proc/self/cgroup", cgroup);
    put("proc/self/mountinfo", mounts);
    memory_room_read(&room, root);
    return room;
}

static void test_machine(void **state)
{
    struct memory_room room = room_in("", "");

    (void)state;
    assert_int_equal(room.bytes, 8192 * MIB);
    assert_int_equal(room.huge_bytes, 0);
    assert_string_equal(room.whose, "MemAvailable of /proc/meminfo");
    empty();
    memory_room_read(&room, root);
    assert_int_equal(room.bytes, UINT64_MAX);
}

static void test_v1(void **state)
{
    (void)state;
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
    put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "209715200\n");
    put("sys/fs/cgroup/memory/a/memory.stat", "cache 1\ntotal_inactive_file 52428800\n"
                                              "total_active_file 52428800\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    struct memory_room room =
        room_in("5:cpu,cpuacct:/b\n4:hugetlb,memory:/a\n0::/\n",
                "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                "32 24 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,hugetlb,memory\n"
                "33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    assert_int_equal(room.bytes, (1024 - 100) * MIB);
    assert_string_equal(room.whose, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes of 1024 MiB");
}

static void test_every_level(void **state)
{
    (void)state;
    put("sys/fs/cgroup/outer/memory.max", "536870912\n");
    put("sys/fs/cgroup/outer/memory.current", "104857600\n");
    put("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    put("sys/fs/cgroup/outer/inner/memory.current", "1048576\n");
    assert_int_equal(room_in(V2).bytes, 412 * MIB);
    put("sys/fs/cgroup/outer/inner/memory.high", "209715200\n");
    assert_int_equal(room_in(V2).bytes, 199 * MIB);
    put("sys/fs/cgroup/outer/memory.current", "536870913\n");
    assert_int_equal(room_in(V2).bytes, 0);
}

/* The top of what a container sees is its own cgroup, whatever the path says. */
static void test_container(void **state)
{
    (void)state;
    put("sys/fs/cgroup/memory.max", "314572800\n");
    put("sys/fs/cgroup/memory.current", "0\n");
    assert_int_equal(
        room_in("0::/\n", "30 24 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n").bytes,
        300 * MIB);
    assert_int_equal(
        room_in("0::/../x\n", "30 24 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n").bytes,
        300 * MIB);
    assert_int_equal(
        room_in("0::/docker/12\n", "30 24 0:26 /docker/12 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n")
            .bytes,
        300 * MIB);
}

static void test_huge_pages(void **state)
{
    (void)state;
    put("proc/meminfo", "MemAvailable: 1024 kB\nHugePages_Free: 100\nHugePages_Rsvd: 10\n"
                        "Hugepagesize: 2048 kB\n");
    assert_int_equal(room_in(V2).huge_bytes, 180 * MIB);
    put("sys/fs/cgroup/outer/hugetlb.2MB.max", "8388608\n");
    put("sys/fs/cgroup/outer/hugetlb.2MB.current", "2097152\n");
    assert_int_equal(room_in(V2).huge_bytes, 6 * MIB);
    assert_int_equal(room_in(V2).bytes, MIB);
}

static void test_gigantic_pages(void **state)
{
    (void)state;
    assert_int_equal(room_in(V2).gigantic_bytes, 0);
    put("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "5\n");
    put("sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "1\n");
    assert_int_equal(room_in(V2).gigantic_bytes, 4096 * MIB);
    put("sys/fs/cgroup/outer/hugetlb.1GB.rsvd.max", "2147483648\n");
    put("sys/fs/cgroup/outer/hugetlb.1GB.rsvd.current", "1073741824\n");
    assert_int_equal(room_in(V2).gigantic_bytes, 1024 * MIB);
    assert_int_equal(room_in(V2).huge_bytes, 0);
}

static char said[512];

static void remember(void *context, enum afxdp_message level, const char *text)
{
    (void)context;
    (void)level;
    snprintf(said, sizeof(said), "%s", text);
}

static uint64_t beside; /* bytes of a flow */

static int plan(uint32_t workers, const struct memory_room *room, const char *asked,
                uint32_t *flows, struct error *error)
{
    const struct afxdp_callbacks callbacks = {.message = remember};
    const struct memory_need need = {.holder = "worker",
                                     .holders = workers,
                                     .packets = 32 * MIB,
                                     .beside = beside,
                                     .once = 16 * MIB,
                                     .lower = " or --queues"};
    struct afxdp_config *config;

    assert_int_equal(afxdp_config_new(&config), 0);
    if (asked)
        assert_int_equal(afxdp_config_set(config, "flows", asked, NULL), 0);
    said[0] = error->text[0] = '\0';
    int status = memory_plan_flows(flows, &need, room, config, &callbacks, error);
    afxdp_config_free(config);
    return status;
}

static void test_default(void **state)
{
    const struct memory_room large = {.bytes = MIB << 20, .whose = "all"};
    struct error error;
    uint32_t flows;

    (void)state;
    assert_int_equal(plan(4, &large, NULL, &flows, &error), 0);
    assert_int_equal(flows, FLOWS_DEFAULT);
    assert_string_equal(said, "");
    assert_int_equal(plan(16, &large, NULL, &flows, &error), 0);
    assert_int_equal(flows, FLOWS_DEFAULT / 4);
    assert_string_equal(said, "a table of 262144 flows for each of 16 workers, to leave memory to "
                              "others; --flows says otherwise");
    assert_int_equal(plan(16, &large, "1048576", &flows, &error), 0);
    assert_int_equal(flows, FLOWS_DEFAULT);
    assert_string_equal(said, "");
}

static void test_little(void **state)
{
    const struct memory_room room = {.bytes = 1024 * MIB, .whose = "the cgroup"};
    struct error error;
    uint32_t flows;

    (void)state;
    assert_int_equal(plan(16, &room, NULL, &flows, &error), 0); /* tables in a quarter */
    assert_int_equal(flows, FLOWS_DEFAULT / 16);
    assert_int_equal(plan(16, &room, "262144", &flows, &error), -ENOMEM);
    assert_string_equal(error.text,
                        "16 workers need 1072 MiB of memory (32 for packets and 34 for 262144 "
                        "flows each, 16 for all), but the cgroup leaves 896: lower --flows or "
                        "--queues");
    assert_int_equal(plan(25, &room, NULL, &flows, &error), -ENOMEM);
    assert_int_equal(plan(24, &room, NULL, &flows, &error), 0); /* 24 × (32 + 4) + 16 */
    assert_int_equal(flows, FLOWS_DEFAULT / 64);
}

static void test_in_huge_pages(void **state)
{
    struct memory_room room = {.bytes = 64 * MIB, .huge_bytes = 2048 * MIB, .whose = "little"};
    struct error error;
    uint32_t flows;

    (void)state;
    assert_int_equal(plan(8, &room, "1048576", &flows, &error), 0);
    room.huge_bytes = 1400 * MIB; /* 8 × (32 + 136) + 16 = 1360 and a bit more */
    assert_int_equal(plan(8, &room, "1048576", &flows, &error), 0);
    room.huge_bytes = 1300 * MIB;
    assert_int_equal(plan(8, &room, "1048576", &flows, &error), -ENOMEM);
}

/* Tables from 1 GiB on lie in whole pages of that size, where there are enough for one. */
static void test_in_gigantic_pages(void **state)
{
    struct memory_room room = {.bytes = 512 * MIB, .gigantic_bytes = 4096 * MIB, .whose = "little"};
    struct error error;
    uint32_t flows;

    (void)state;
    assert_int_equal(plan(2, &room, "8388608", &flows, &error), 0); /* 2 × 1088, two pages each */
    assert_int_equal(plan(3, &room, "8388608", &flows, &error), -ENOMEM);
    room.gigantic_bytes = 3072 * MIB; /* the second finds but one */
    assert_int_equal(plan(2, &room, "8388608", &flows, &error), -ENOMEM);
    room.bytes = 2048 * MIB;
    assert_int_equal(plan(2, &room, "8388608", &flows, &error), 0);
    room.bytes = 512 * MIB;
    room.gigantic_bytes = 4096 * MIB;
    assert_int_equal(plan(8, &room, "1048576", &flows, &error), -ENOMEM); /* none is so large */
}

/* What events keep of each flow counts as the tables do. */
static void test_beside(void **state)
{
    const struct memory_room room = {.bytes = 1024 * MIB, .whose = "the cgroup"};
    struct error error;
    uint32_t flows;

    (void)state;
    beside = 128;
    assert_int_equal(plan(16, &room, NULL, &flows, &error), 0);
    assert_int_equal(flows, FLOWS_DEFAULT / 32);
    assert_int_equal(plan(16, &room, "131072", &flows, &error), -ENOMEM);
    assert_string_equal(error.text,
                        "16 workers need 1072 MiB of memory (32 for packets and 34 for 131072 "
                        "flows each, 16 for all), but the cgroup leaves 896: lower --flows or "
                        "--queues");
    beside = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_machine, each),
        cmocka_unit_test_setup(test_v1, each),
        cmocka_unit_test_setup(test_every_level, each),
        cmocka_unit_test_setup(test_container, each),
        cmocka_unit_test_setup(test_huge_pages, each),
        cmocka_unit_test_setup(test_gigantic_pages, each),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_little),
        cmocka_unit_test(test_in_huge_pages),
        cmocka_unit_test(test_in_gigantic_pages),
        cmocka_unit_test(test_beside),
    };

    return cmocka_run_group_tests(tests, set_up, clean);
}
