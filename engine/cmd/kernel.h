// SPDX-License-Identifier: BSD-2-Clause
/* A run on an interface with the model inside XDP: no worker, no socket. User space sets up, counts
 * and, where asked, writes verdicts. */
#ifndef AFXDP_KERNEL_H
#define AFXDP_KERNEL_H

#include "engine_options.h"
#include "guard.h"
#include "kernel_model.h"
#include "live_nics.h"
#include "losses.h"
#include "model_open.h"
#include "pass.h"
#include "verdict_log.h"

struct ring_buffer;

struct kernel {
    const struct engine_options *options;
    const struct policy *policy;
    struct live_nics nics;
    uint32_t ports; /* that packets come in on: two on a bridge */
    bool frags;
    struct guard *guard[2];
    struct pass *pass;     /* on a port that only sends */
    struct losses *losses; /* on the way across; NULL where the kernel doesn't tell */
    struct kernel_model model;
    struct verdict_log *log;
    struct ring_buffer *records;
    struct nic_counters nic_before[2];
};

/* Attaches a guard, which passes, crosses or drops as --fail-closed has it, and loads the model. On
 * failure all is put back. */
int kernel_open(struct kernel *kernel, const struct engine_options *options,
                const struct model *model, const struct policy *policy, struct error *error);

/* Packets meet the model from here on. */
int kernel_start(struct kernel *kernel, struct error *error);

/* Puts another model in, under traffic. Its classes have to be the present one's, in the same
 * order. On failure (-EINVAL, or of loading) the present model stays at work. */
int kernel_replace(struct kernel *kernel, const struct model *model, const struct policy *policy,
                   struct error *error);

/* They no longer do, and all that did are counted. */
void kernel_stop(struct kernel *kernel);

/* 0, or -ENODEV: an interface is gone. Also writes the verdicts that there are. */
int kernel_check(struct kernel *kernel, struct error *error);

/* Detaches and puts the interfaces back. -errno of writing the verdicts, -EOVERFLOW when some were
 * lost because the file was slower than the packets. */
int kernel_close(struct kernel *kernel, struct error *error);

#endif
