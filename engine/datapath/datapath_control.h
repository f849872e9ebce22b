// SPDX-License-Identifier: BSD-2-Clause
/* The commands of the control socket (docs/operations.md), carried out by the datapath's thread. */
#ifndef AFXDP_DATAPATH_CONTROL_H
#define AFXDP_DATAPATH_CONTROL_H

#include "datapath.h"

/* Makes the socket beside the first interface's claim; nothing for a capture. */
int datapath_control_open(struct afxdp_datapath *datapath, struct error *error);

/* Carries out what was asked for. */
void datapath_control_serve(struct afxdp_datapath *datapath);

#endif
