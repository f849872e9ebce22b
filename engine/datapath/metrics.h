// SPDX-License-Identifier: BSD-2-Clause
/* --metrics: what a datapath of an interface tells scrapers (docs/operations.md lists it). All of
 * these do nothing where it wasn't asked for, and belong to the datapath's thread. */
#ifndef AFXDP_METRICS_H
#define AFXDP_METRICS_H

#include "datapath.h"

/* Listens. -errno with one line. */
int metrics_open(struct afxdp_datapath *datapath, struct error *error);

/* Writes the metrics if a scraper asks for them. */
void metrics_serve(struct afxdp_datapath *datapath);

/* The report's member `metrics`, the caller's; NULL without. */
json_t *metrics_report(const struct afxdp_datapath *datapath);

/* Families of each queue. `live`: the report's member. */
void metrics_write_queues(FILE *to, const struct afxdp_datapath *datapath, const json_t *live);

#endif
