// SPDX-License-Identifier: BSD-2-Clause
/* The text of --bypass, which names traffic that the engine never touches. */
#ifndef AFXDP_BYPASS_H
#define AFXDP_BYPASS_H

#include "error.h"
#include "redirect_abi.h"

/* "tcp/22", "udp/53", "icmp", "47": a protocol's name or number and, with tcp, udp, sctp, dccp and
 * udplite, a port. -EINVAL with a message. */
int redirect_parse_bypass(struct redirect_bypass *bypass, const char *text, struct error *error);

#endif
