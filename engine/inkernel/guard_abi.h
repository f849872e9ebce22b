// SPDX-License-Identifier: BSD-2-Clause
/* What the guard program and user space share (BPF-safe). */
#ifndef AFXDP_GUARD_ABI_H
#define AFXDP_GUARD_ABI_H

#include "bytes.h"

/* What becomes of packets while there is no model. */
enum guard_without {
    GUARD_PASS,  /* to the host */
    GUARD_CROSS, /* to the other port */
    GUARD_DROP,
};

#endif
