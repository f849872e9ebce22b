// SPDX-License-Identifier: BSD-2-Clause
/* --eve and the public header's callback for events, for the datapaths that have them alike. All of
 * these do nothing where neither was asked for. */
#ifndef AFXDP_EVENTS_H
#define AFXDP_EVENTS_H

#include "datapath.h"
#include "pipeline.h"

bool events_wanted(const struct afxdp_datapath *datapath);
bool events_wanted_of_flows(const struct afxdp_datapath *datapath); /* and of hosts */

/* What each flow takes for them beside its table, in bytes. */
size_t events_bytes_of_flow(const struct afxdp_datapath *datapath);

/* Opens what the config asks for. `interface`: NULL for a capture, which waits for the writer. */
int events_open(struct afxdp_datapath *datapath, const char *interface, struct error *error);

/* Has a pipeline observed. In the order of queues, then the writer is started. */
int events_observe(struct afxdp_datapath *datapath, struct pipeline *pipeline, struct error *error);
int events_start(struct afxdp_datapath *datapath, struct error *error);

/* From afxdp_datapath_poll: says once that writing has failed, posts `stats` now and then. */
void events_watch(struct afxdp_datapath *datapath);

/* Posts an `engine` event of an interface's datapath: what happened, and to what (NULL: nothing).
 */
void events_tell(const struct afxdp_datapath *datapath, const char *what, const char *detail);

/* The report's member `events`, the caller's; NULL without events. */
json_t *events_report(const struct afxdp_datapath *datapath);

/* Once no pipeline runs: -errno of writing. */
int events_end(struct afxdp_datapath *datapath, struct error *error);

#endif
