// SPDX-License-Identifier: BSD-2-Clause
/* The text of --bypass, which names traffic that the engine never touches. */
#ifndef AFXDP_BYPASS_TEXT_H
#define AFXDP_BYPASS_TEXT_H

#include "bypass.h"
#include "error.h"

/* "tcp/22", "udp/53", "icmp", "47": a protocol's name or number and, with tcp, udp, sctp, dccp and
 * udplite, a port. -EINVAL with a message. */
int bypass_parse(struct bypass_service *service, const char *text, struct error *error);

#endif
