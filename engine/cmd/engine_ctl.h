// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine ctl: asks a running engine. */
#ifndef AFXDP_ENGINE_CTL_H
#define AFXDP_ENGINE_CTL_H

#include "program.h"

extern const struct program engine_ctl_program;

/* argv[0] is "ctl". The exit status. */
int engine_ctl_main(int argc, char **argv);

#endif
