// SPDX-License-Identifier: BSD-2-Clause
#include "host_pass_update.h"

ALWAYS_INLINE void read_hosts(const struct host_rows *rows, uint32_t window, uint32_t *features)
{
    host_read(rows, window, features);
}

HOST_PASS(host_pass_scalar, "scalar", 0);
