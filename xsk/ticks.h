// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's tick counter (jiffies) beside CLOCK_MONOTONIC_COARSE, which goes on with each tick:
 * an XDP program reads the first for nothing, a process the second without a system call. */
#ifndef AFXDP_TICKS_H
#define AFXDP_TICKS_H

#include <stdint.h>

/* CLOCK_MONOTONIC_COARSE, ns. */
uint64_t ticks_coarse_ns(void);

/* Of one tick. */
uint64_t ticks_length_ns(void);

/* A descriptor for ticks_offset, which the caller closes; -errno where the kernel lets no program
 * read its ticks (before 5.6). */
int ticks_open(void);

/* What to add to the ticks' low 32 bits, times their length, to get the coarse clock. -EAGAIN when
 * a tick came in between each time. */
int ticks_offset(int descriptor, uint64_t *offset_ns);

#endif
