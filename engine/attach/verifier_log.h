// SPDX-License-Identifier: BSD-2-Clause
/* What a verifier's log says, in one line. */
#ifndef AFXDP_ATTACH_VERIFIER_LOG_H
#define AFXDP_ATTACH_VERIFIER_LOG_H

#include <stddef.h>

/* Writes why the verifier refused a program, cut to `size`, parts separated by " | "; empty where
 * the log is.
 *
 * Kernels up to 7.0 or so say it in the last lines, where the summary of states counts too. 7.3
 * writes a report with the headings "Verification failed:", "Reason:", "At:", "Causal path:" and
 * "Suggestion:", of which the first three are taken: the log then ends in advice. */
void verifier_log_reason(char *out, size_t size, const char *log);

#endif
