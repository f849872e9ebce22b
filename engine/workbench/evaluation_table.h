// SPDX-License-Identifier: BSD-2-Clause
/* What `afxdp-model eval` found, as tables for people. */
#ifndef AFXDP_EVALUATION_TABLE_H
#define AFXDP_EVALUATION_TABLE_H

#include "evaluation.h"

/* On standard output. Write errors stay in the stream. */
void evaluation_print_tables(const struct evaluation *evaluation);

#endif
