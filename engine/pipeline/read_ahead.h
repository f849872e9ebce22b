// SPDX-License-Identifier: BSD-2-Clause
/* Whether the pipeline should read a burst's flows before it updates them one by one, besides
 * prefetching them. A core may drop a prefetch of an address whose translation isn't cached, as
 * Zen 4 does, and then each flow is waited for alone, while plain reads overlap: the pipeline takes
 * 65 instead of 131 ns per packet at a million flows. Where prefetches work, as on Zen 5, the reads
 * are up to 6 % on top. So it is measured. */
#ifndef AFXDP_READ_AHEAD_H
#define AFXDP_READ_AHEAD_H

#include "flow_table.h"

/* Tries both on some of the table's flows, which stay as they are. All of its memory is there.
 * Takes about a millisecond. */
bool read_ahead_pays(struct flow_bucket *buckets, uint32_t bucket_count);

#endif
