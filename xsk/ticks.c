// SPDX-License-Identifier: BSD-2-Clause
#include "ticks.h"

#include <errno.h>
#include <time.h>

#include <bpf/bpf.h>

enum { TRIES = 10 };

static uint64_t nanoseconds(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * UINT64_C(1000000000) + (uint64_t)time->tv_nsec;
}

uint64_t ticks_coarse_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return nanoseconds(&now);
}

uint64_t ticks_length_ns(void)
{
    struct timespec tick;

    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return nanoseconds(&tick);
}

int ticks_open(void)
{
    struct bpf_insn program[] = {
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "afxdp_ticks", "GPL", program, 2, NULL);

    return fd >= 0 ? fd : -errno;
}

int ticks_offset(int descriptor, uint64_t *offset_ns)
{
    static const uint8_t frame[64];

    for (int i = 0; i < TRIES; i++) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
                    .repeat = 1);
        uint64_t before = ticks_coarse_ns();

        if (bpf_prog_test_run_opts(descriptor, &options) != 0)
            return -errno;
        if (ticks_coarse_ns() != before)
            continue;
        *offset_ns = before - options.retval * ticks_length_ns();
        return 0;
    }
    return -EAGAIN;
}
