// SPDX-License-Identifier: BSD-2-Clause
/* What the writer's thread does with a record: told within the rates, or counted. */
#ifndef AFXDP_EVE_WRITER_H
#define AFXDP_EVE_WRITER_H

#include "eve_hosts.h"
#include "eve_out.h"
#include "eve_rate.h"
#include "eve_text.h"

struct eve_writer {
    struct eve_names names;
    struct eve_out out;
    struct eve_rate rate;
    struct eve_hosts *hosts; /* NULL: nobody asked for them */
};

void eve_writer_take(struct eve_writer *writer, const struct eve_record *record);

#endif
