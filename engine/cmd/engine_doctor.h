// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine doctor: what keeps an engine from running here. */
#ifndef AFXDP_ENGINE_DOCTOR_H
#define AFXDP_ENGINE_DOCTOR_H

#include "program.h"

extern const struct program engine_doctor_program;

/* argv[0] is "doctor". The exit status. */
int engine_doctor_main(int argc, char **argv);

#endif
