// SPDX-License-Identifier: BSD-2-Clause
/* The programs that only the bench has. */
#ifndef AFXDP_BENCH_KERNEL_PROGRAMS_H
#define AFXDP_BENCH_KERNEL_PROGRAMS_H

#include "path.h"

/* A program that drops every packet: what each figure is net of. */
int kernel_drop_new(struct path_program **out, struct error *error);

/* The path without a model on an LRU hash map. */
int kernel_lru_new(struct path_program **out, struct error *error);

#endif
