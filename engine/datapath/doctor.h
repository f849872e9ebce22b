// SPDX-License-Identifier: BSD-2-Clause
/* What keeps an engine from running here, or from running well: looked for before it is started.
 *
 * The machine is looked at; so is an interface, and then what mode it grants is tried as an engine
 * would: opened without a model, started, ended. It isn't tried where that would disturb somebody:
 * where another engine or another's program has it, or where it carries the default route. What is
 * tried leaves nothing behind, also if the process is killed: one port's program goes with its
 * process. */
#ifndef AFXDP_DOCTOR_H
#define AFXDP_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_FAULT };

struct finding {
    const char *check; /* a word or two: "kernel", "RSS" */
    enum finding_level level;
    char what[400]; /* one line */
    char cure[200]; /* a command, or what to do; "" where there is nothing to mend */
};

enum { DOCTOR_FINDINGS_MAX = 32 };

struct diagnosis {
    struct finding finding[DOCTOR_FINDINGS_MAX];
    uint32_t count;
};

/* Looks at the machine, and at the interface unless that is NULL. */
void doctor_examine(struct diagnosis *diagnosis, const char *interface);

/* The worst of them all. */
enum finding_level doctor_worst(const struct diagnosis *diagnosis);

/* A line for each finding, a second one for what mends it. */
void doctor_write_table(FILE *file, const struct diagnosis *diagnosis);

/* One JSON object: "findings" (check, level, what, cure) and "worst". 0, -ENOMEM or -EIO. */
int doctor_write_json(FILE *file, const struct diagnosis *diagnosis);

#endif
