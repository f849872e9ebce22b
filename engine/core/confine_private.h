// SPDX-License-Identifier: BSD-2-Clause
/* Private to confine*.c. */
#ifndef AFXDP_CONFINE_PRIVATE_H
#define AFXDP_CONFINE_PRIVATE_H

#include "confine.h"

/* The calling thread, in words; set by confine. */
extern _Thread_local const char *confine_who;

/* Such a thread in words. */
const char *confine_name(enum confined who);

#endif
