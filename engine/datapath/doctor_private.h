// SPDX-License-Identifier: BSD-2-Clause
/* What the parts of the doctor do for each other. */
#ifndef AFXDP_DOCTOR_PRIVATE_H
#define AFXDP_DOCTOR_PRIVATE_H

#include "doctor.h"

/* Adds a finding. `cure`: "" or what mends it. */
void doctor_find(struct diagnosis *diagnosis, const char *check, enum finding_level level,
                 const char *cure, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The kernel, rights, memory, cores. */
void doctor_look_at_machine(struct diagnosis *diagnosis);

/* The first line of a file, without its end; "" where there is none. */
void doctor_read_line(const char *path, char *line, int size);

#endif
