// SPDX-License-Identifier: BSD-2-Clause
/* What libbpf and libxdp have to say goes into our one-line errors instead of onto stderr. With
 * AFXDP_DEBUG set in the environment it is printed as well. */
#ifndef AFXDP_MESSAGES_H
#define AFXDP_MESSAGES_H

/* Takes the libraries' messages over and forgets the last one. */
void xdp_messages_begin(void);

/* The last warning since then, one line; "" when there was none. */
const char *xdp_messages_last(void);

#endif
