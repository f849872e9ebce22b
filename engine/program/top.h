// SPDX-License-Identifier: BSD-2-Clause
/* `afxdp-engine top`: looks at a running engine once a second, on a terminal or for a pipe. */
#ifndef AFXDP_TOP_H
#define AFXDP_TOP_H

#include "program.h"

extern const struct program top_program;

int top_main(int argc, char **argv);

#endif
