// SPDX-License-Identifier: BSD-2-Clause
/* Private to confine*.c. */
#ifndef AFXDP_CONFINE_PRIVATE_H
#define AFXDP_CONFINE_PRIVATE_H

/* The calling thread, in words; set by confine. */
extern _Thread_local const char *confine_who;

#endif
