// SPDX-License-Identifier: BSD-2-Clause
/* `afxdp-engine blocks export`: who is blocked, for another firewall. */
#ifndef AFXDP_BLOCKS_EXPORT_H
#define AFXDP_BLOCKS_EXPORT_H

#include "program.h"

extern const struct program blocks_program;

int blocks_main(int argc, char **argv);

#endif
