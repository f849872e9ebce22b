// SPDX-License-Identifier: BSD-2-Clause
/* Blocks and shunts of the kernel datapath: the programs learn (path_acts.bpf.h); here are the maps
 * that outlive them, and the thread that blocks. */
#include <errno.h>
#include <string.h>

#include "datapath_blocks.h"
#include "kernel.h"
#include "report_value.h"
#include "shunts.h"

uint64_t kernel_acts_bytes(const struct kernel *kernel, uint32_t cpus)
{
    uint64_t bytes = 0;

    if (kernel->base.blocks && !kernel->base.config->block_unproven)
        bytes +=
            PROOFS_SIZE * sizeof(uint64_t) + cpus * (HANDSHAKES_SIZE * sizeof(struct handshake));
    if (kernel->base.can_shunt)
        bytes += cpus * (SHUNT_RUNS * sizeof(struct shunt_run));
    return bytes;
}

static int open_shunts(struct kernel *kernel, struct error *error)
{
    const struct afxdp_config *config = kernel->base.config;

    if (!policy_shunts(&kernel->base.judgement->policy) && !option_given(&config->values, "shunts"))
        return 0;
    int status = shunts_check(config, error);
    if (status != 0)
        return status;
    kernel->base.can_shunt = true;
    kernel->shunted =
        (struct shunted){-1, config->shunt_every, config->shunt_seconds * UINT64_C(1000000000)};
    return shunted_open(&kernel->shunted, config->shunts, error);
}

int kernel_acts_open(struct kernel *kernel, struct error *error)
{
    int status = datapath_blocks_open(&kernel->base, 0, true, error);

    return status == 0 ? open_shunts(kernel, error) : status;
}

void kernel_acts_settle(const struct kernel *kernel, struct path_settings *settings)
{
    const struct afxdp_config *config = kernel->base.config;

    settings->blocked = blocks_map(kernel->base.blocks);
    settings->options.blocks = kernel->base.blocks != NULL;
    settings->options.proving = kernel->base.blocks && !config->block_unproven;
    if (!kernel->base.can_shunt)
        return;
    settings->shunted = &kernel->shunted;
    settings->options.shunts = 1;
    settings->options.shunt_every = kernel->shunted.every;
    settings->options.shunt_ns = kernel->shunted.ns;
}

struct path_policy kernel_policy(const struct policy *policy)
{
    struct path_policy made = {.min_confidence = policy->min_confidence,
                               .shunt_confidence = policy->shunt_confidence};

    memcpy(made.action, policy->action, sizeof(policy->action));
    memcpy(made.limit, policy->limit, sizeof(policy->limit));
    memcpy(made.block_seconds, policy->block_seconds, sizeof(policy->block_seconds));
    memcpy(made.shunt_after, policy->shunt_after, sizeof(policy->shunt_after));
    return made;
}

int kernel_acts_start(struct kernel *kernel, struct error *error)
{
    struct blocks *blocks = kernel->base.blocks;
    int status = blocks ? blocks_listen(blocks, path_offences_fd(kernel->model.path), error) : 0;

    return status == 0 ? datapath_blocks_start(&kernel->base, error) : status;
}

void kernel_acts_report(const struct kernel *kernel, json_t *object)
{
    struct path_counters counters;

    path_totals(kernel->model.path, &counters);
    const struct path_acts *acts = &counters.acts;
    const struct blocks_seen blocks = {acts->unproven, acts->lost};
    const struct shunts_seen shunts = {
        .begun = acts->begun,
        .otherwise = acts->otherwise,
        .finished = acts->finished,
        .silent = acts->silent,
        .packets = counters.left.shunted,
        .bytes = counters.left.shunted_bytes,
        .judged = acts->judged,
        .judged_otherwise = acts->otherwise,
        .failed = acts->failed,
    };

    if (kernel->base.blocks)
        report_put(object, "blocks", blocks_report(kernel->base.blocks, &blocks));
    if (kernel->base.can_shunt)
        report_put(object, "shunts", shunts_json(&kernel->shunted, &shunts));
}

void kernel_acts_close(struct kernel *kernel)
{
    (void)datapath_blocks_end(&kernel->base, NULL);
    blocks_close(kernel->base.blocks);
    if (kernel->base.can_shunt)
        shunted_close(&kernel->shunted);
}
