// SPDX-License-Identifier: BSD-2-Clause
/* Numbers the flows of a capture: which flow a packet belongs to, and which of its packets it is.
 *
 * The pipeline's own flow table decides what a flow is, so that time-outs and evictions count as in
 * the features. The table shows a flow as its latest packet left it: it is asked after every single
 * packet, and the pipeline must therefore receive them one by one, through the port given here. */
#ifndef AFXDP_FLOW_NUMBERS_H
#define AFXDP_FLOW_NUMBERS_H

#include "features_csv.h"
#include "pipeline.h"

struct flow_numbers;

/* Frames of `in` for a pipeline with this table; both must outlive it. -ENOMEM. */
int flow_numbers_new(struct flow_numbers **out, struct port *in, const struct flow_table *table,
                     struct error *error);

/* Where the pipeline takes its packets from; belongs to `numbers`. */
struct port *flow_numbers_port(struct flow_numbers *numbers);

/* For an observer: the place of the burst's one packet. Once per burst, and only where it is IP. */
struct flow_place flow_numbers_place(struct flow_numbers *numbers, const struct burst *burst);

void flow_numbers_free(struct flow_numbers *numbers); /* takes NULL */

#endif
