// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine --each: many captures, each as if it were the only one. */
#ifndef AFXDP_ENGINE_EACH_H
#define AFXDP_ENGINE_EACH_H

#include <stdbool.h>
#include <stdio.h>

#include "config.h"

struct engine_each {
    const struct afxdp_config *config; /* of all captures */
    uint32_t jobs;
    bool json; /* an object a line, else a table */
    /* Runs a config of one capture and writes its report's object to `out`; an exit status. Where
     * it was refused before there was one, `refused` says why. */
    int (*run)(const struct afxdp_config *config, bool json, FILE *out,
               struct afxdp_error *refused);
};

/* The worst exit status of all, or -errno with a line. */
int engine_each_run(struct engine_each *each, struct error *error);

#endif
