// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_EVE_KAFKA_H
#define AFXDP_EVE_KAFKA_H

#include "eve_sink.h"
#include "eve_target.h"

/* A topic of Kafka's, through librdkafka's idempotent producer: each line at most once, those with
 * one key in order. Its queue is bounded; what finds no room in it is lost, and so is what no
 * broker took for half a minute. librdkafka's threads hold no capability. As eve_sink_open. */
int eve_kafka_open(struct eve_sink **out, const struct eve_target *target,
                   const struct eve_sink_options *options, struct error *error);

#endif
