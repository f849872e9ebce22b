// SPDX-License-Identifier: BSD-2-Clause
/* What libbpf and libxdp have to say goes into our one-line errors instead of onto stderr. With
 * AFXDP_DEBUG set in the environment it is printed as well. */
#ifndef AFXDP_MESSAGES_H
#define AFXDP_MESSAGES_H

#include "error.h"

/* Takes the libraries' messages over and forgets the last one. */
void xdp_messages_begin(void);

/* The last warning since then, one line; "" when there was none. */
const char *xdp_messages_last(void);

/* After a BPF object couldn't be opened, of which errno says why: "cannot open WHAT: why", and an
 * -errno also where libbpf has a number of its own. */
int xdp_open_failed(const char *what, struct error *error);

#endif
