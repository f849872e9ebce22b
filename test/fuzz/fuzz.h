// SPDX-License-Identifier: BSD-2-Clause
/* What every fuzzer shares. A fuzzer is one file that defines LLVMFuzzerTestOneInput; under clang
 * it is linked with libFuzzer, under any compiler with replay.c. */
#ifndef AFXDP_FUZZ_H
#define AFXDP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry: returns 0; a finding aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds whatever the input; unlike assert() in every kind of build. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
