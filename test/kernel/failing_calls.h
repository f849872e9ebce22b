// SPDX-License-Identifier: BSD-2-Clause
/* Makes a call of the C library fail, also where libbpf makes it: this file's syscall (that is:
 * bpf) and mmap stand before the C library's. One thread. */
#ifndef AFXDP_TEST_FAILING_CALLS_H
#define AFXDP_TEST_FAILING_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* The n-th call from here on fails with EMFILE; the first is 1. With `and_all_after` every later
 * one too. */
void failing_calls_arm(uint32_t n, bool and_all_after);

/* No call fails any more. Whether one did. */
bool failing_calls_disarm(void);

#endif
