// SPDX-License-Identifier: BSD-2-Clause
/* A model and what is to follow from its verdicts: what a reload replaces as one. */
#ifndef AFXDP_JUDGEMENT_H
#define AFXDP_JUDGEMENT_H

#include "config.h"
#include "judge.h"
#include "model_open.h"

struct judgement {
    struct model *model; /* NULL: --model none */
    uint32_t *users;     /* of the model: judgements that share it */
    struct policy policy;
    struct judge judge;     /* of the two; for the pipelines */
    struct judgement *kept; /* see datapath.c */
};

/* Reads the model's file and carries out the --action options. -errno of model_open, -EINVAL. */
int judgement_new(struct judgement **out, const struct afxdp_config *config, struct error *error);

/* Another of the same model and policy, for the policy to be changed. -ENOMEM. */
int judgement_share(struct judgement **out, const struct judgement *present, struct error *error);

/* The host memory that its model needs; NULL where that reads feature set 1. `ready`: all of it is
 * there from the start. */
int judgement_hosts(struct host_tables **out, const struct judgement *judgement,
                    const struct afxdp_config *config, bool ready, struct error *error);

/* What that takes, in bytes; 0 where there is none. */
size_t judgement_hosts_bytes(const struct judgement *judgement, const struct afxdp_config *config);

/* The buckets that its policy's limits take; NULL where it has none, unless `later` it may.
 * -ENOMEM, -errno without a random seed. */
int judgement_limits(struct limits **out, const struct judgement *judgement,
                     const struct afxdp_config *config, bool later, struct error *error);

void judgement_free(struct judgement *judgement); /* takes NULL */

/* -EINVAL where `next` can't take the place of `present`: counters go on, so its classes must be
 * the same in the same order, and flows do, so its features must be of the same set. */
int judgement_check_successor(const struct judgement *present, const struct judgement *next,
                              struct error *error);

#endif
