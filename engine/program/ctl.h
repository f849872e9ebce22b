// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine ctl: asks a running engine. */
#ifndef AFXDP_CTL_H
#define AFXDP_CTL_H

#include "program.h"

extern const struct program ctl_program;

/* argv[0] is "ctl". The exit status. */
int ctl_main(int argc, char **argv);

#endif
