// SPDX-License-Identifier: BSD-2-Clause
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/magic.h>

#include "attach.h"
#include "doctor_private.h"
#include "memory_room.h"
#include "rights.h"
#include "run_folder.h"

enum {
    QUEUE_KIB = 26 << 10, /* packet memory of a queue with rings of their default sizes */
};

static void look_at_kernel(struct diagnosis *diagnosis)
{
    struct utsname name;

    if (uname(&name) != 0)
        return;
    if (xdp_kernel_before(5, 10))
        doctor_find(diagnosis, "kernel", FINDING_FAULT, "a kernel of 5.10 or later",
                    "Linux %s is older than 5.10", name.release);
    else if (xdp_kernel_before(5, 12))
        doctor_find(diagnosis, "kernel", FINDING_WARNING,
                    "for such models --datapath afxdp, or a kernel of 5.12 or later",
                    "Linux %s: no models of feature set 2 inside the kernel", name.release);
    else
        doctor_find(diagnosis, "kernel", FINDING_OK, "", "Linux %s", name.release);
}

static void look_at_rights(struct diagnosis *diagnosis, uint64_t has)
{
    static const struct {
        int number;
        enum finding_level level;
        const char *name, *what_for;
    } needs[] = {
        {CAP_NET_ADMIN, FINDING_FAULT, "CAP_NET_ADMIN", "no program can be attached"},
        {CAP_BPF, FINDING_FAULT, "CAP_BPF", "no program can be loaded"},
        {CAP_NET_RAW, FINDING_FAULT, "CAP_NET_RAW",
         "no AF_XDP socket can be opened (--datapath kernel needs none)"},
        {CAP_PERFMON, FINDING_WARNING, "CAP_PERFMON",
         "--datapath kernel, --bridge, --forward and shunt:N can't be had"},
    };
    bool all = true;

    for (unsigned i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (has >> needs[i].number & 1)
            continue;
        all = false;
        doctor_find(diagnosis, "rights", needs[i].level, "sudo, or systemctl start afxdp-engine@IF",
                    "%s is missing: %s", needs[i].name, needs[i].what_for);
    }
    if (all)
        doctor_find(diagnosis, "rights", FINDING_OK, "", "all that an interface needs");
}

static void look_at_locked_memory(struct diagnosis *diagnosis, uint64_t has)
{
    struct rlimit limit = {0};

    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur == RLIM_INFINITY || has >> CAP_IPC_LOCK & 1)
        doctor_find(diagnosis, "locked memory", FINDING_OK, "", "not limited");
    else if (limit.rlim_cur >> 10 < QUEUE_KIB)
        doctor_find(diagnosis, "locked memory", FINDING_FAULT, "ulimit -l unlimited",
                    "at most %llu KiB, and a queue takes about %d KiB",
                    (unsigned long long)limit.rlim_cur >> 10, QUEUE_KIB);
    else
        doctor_find(diagnosis, "locked memory", FINDING_OK, "", "%llu KiB, for %llu queues",
                    (unsigned long long)limit.rlim_cur >> 10,
                    (unsigned long long)(limit.rlim_cur >> 10) / QUEUE_KIB);
}

static void look_at_folders(struct diagnosis *diagnosis)
{
    struct statfs system;
    struct error error;
    int folder = run_folder_open(&error);

    if (folder < 0)
        doctor_find(diagnosis, "run folder", FINDING_FAULT, "", "%.300s", error.text);
    else
        doctor_find(diagnosis, "run folder", FINDING_OK, "", RUN_FOLDER);
    if (folder >= 0)
        close(folder);
    if (statfs(xdp_bpffs(), &system) != 0 || (uint64_t)system.f_type != BPF_FS_MAGIC)
        doctor_find(diagnosis, "bpffs", FINDING_WARNING, "mount -t bpf bpf /sys/fs/bpf",
                    "%.200s is no bpffs: a bridge can't stay open without the engine", xdp_bpffs());
    else if (access(xdp_bpffs(), W_OK) != 0)
        doctor_find(diagnosis, "bpffs", FINDING_WARNING, "sudo",
                    "%.200s can't be written: a bridge can't stay open without the engine",
                    xdp_bpffs());
    else
        doctor_find(diagnosis, "bpffs", FINDING_OK, "", "%.200s", xdp_bpffs());
}

static void look_at_huge_pages(struct diagnosis *diagnosis)
{
    static const char *const file = "/sys/kernel/mm/transparent_hugepage/enabled";
    struct memory_room room;
    char line[128];

    memory_room_read(&room, "");
    doctor_read_line(file, line, sizeof(line));
    if (room.huge_bytes > 0)
        doctor_find(diagnosis, "huge pages", FINDING_OK, "", "%llu are free",
                    (unsigned long long)room.huge_bytes >> 21);
    else if (line[0] && !strstr(line, "[never]"))
        doctor_find(diagnosis, "huge pages", FINDING_OK, "", "transparent ones: %.60s", line);
    else
        doctor_find(diagnosis, "huge pages", FINDING_WARNING, "sysctl vm.nr_hugepages=128",
                    "none: large flow tables miss the TLB");
}

static void look_at_cores(struct diagnosis *diagnosis)
{
    char line[128];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    doctor_read_line("/sys/devices/system/cpu/isolated", line, sizeof(line));
    if (cores < 2)
        doctor_find(diagnosis, "cores", FINDING_WARNING, "a second core",
                    "one core: worker and interrupts share it");
    else if (line[0])
        doctor_find(diagnosis, "cores", FINDING_OK, "", "%ld, isolated: %.60s (--cores)", cores,
                    line);
    else
        doctor_find(diagnosis, "cores", FINDING_OK, "",
                    "%ld, none isolated: other threads may interrupt a worker", cores);
}

void doctor_look_at_machine(struct diagnosis *diagnosis)
{
    uint64_t has = rights_effective();

    look_at_kernel(diagnosis);
    look_at_rights(diagnosis, has);
    look_at_locked_memory(diagnosis, has);
    look_at_folders(diagnosis);
    look_at_huge_pages(diagnosis);
    look_at_cores(diagnosis);
}
