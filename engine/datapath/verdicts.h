// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts on an interface, for both datapaths alike. */
#ifndef AFXDP_VERDICTS_H
#define AFXDP_VERDICTS_H

#include "datapath.h"
#include "verdict_stream.h"

struct verdicts {
    struct verdict_stream *stream; /* NULL: not asked for, or closed */
    bool told;                     /* that the file can't be written */
    uint64_t lost;                 /* rows that aren't in the file; once closed */
};

/* Opens what the config asks for. `source`: NULL where pipelines are observed. -ENOMEM, -errno. */
int verdicts_open(struct verdicts *verdicts, const struct afxdp_datapath *datapath, uint32_t queues,
                  const struct verdict_source *source, struct error *error);

/* Has the pipeline of a queue observed, before those who observe it already. */
void verdicts_observe(const struct verdicts *verdicts, struct pipeline *pipeline, uint32_t queue);

/* Says once that the file can't be written, when that happens. */
void verdicts_watch(struct verdicts *verdicts, const struct afxdp_datapath *datapath);

/* Writes what is left. `unrecorded`: rows that were lost before they came here. -errno of writing,
 * -EOVERFLOW where rows are missing, with one line. */
int verdicts_close(struct verdicts *verdicts, uint64_t unrecorded, struct error *error);

#endif
