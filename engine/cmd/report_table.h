// SPDX-License-Identifier: BSD-2-Clause
/* A run's report as a table for people. */
#ifndef AFXDP_REPORT_TABLE_H
#define AFXDP_REPORT_TABLE_H

#include <stdio.h>

#include "report.h"

/* Errors stay in the stream. */
void report_write_table(FILE *file, const struct report *report);

#endif
