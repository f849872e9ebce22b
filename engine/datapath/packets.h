// SPDX-License-Identifier: BSD-2-Clause
/* --write, for captures and AF_XDP alike. All of these do nothing where it wasn't asked for. */
#ifndef AFXDP_PACKETS_H
#define AFXDP_PACKETS_H

#include "datapath.h"
#include "pipeline.h"

/* Opens what the config asks for. `interface`: of each port, NULL where there is none; a capture,
 * which has none, waits for the writer. */
int packets_open(struct afxdp_datapath *datapath, const char *const interface[2],
                 struct error *error);

/* Has a pipeline observed; then the writer is started. */
int packets_observe(struct afxdp_datapath *datapath, struct pipeline *pipeline,
                    struct error *error);
int packets_start(struct afxdp_datapath *datapath, struct error *error);

/* From afxdp_datapath_poll: says once that writing has failed. */
void packets_watch(struct afxdp_datapath *datapath);

/* The report's member `written`, the caller's; NULL without --write. */
json_t *packets_report(const struct afxdp_datapath *datapath);

/* Once no pipeline runs: -errno of writing. Says what isn't in the files. */
int packets_end(struct afxdp_datapath *datapath, struct error *error);

#endif
