// SPDX-License-Identifier: BSD-2-Clause
/* What help, manual page and completion share. */
#ifndef AFXDP_PROGRAM_PAGES_H
#define AFXDP_PROGRAM_PAGES_H

#include "program.h"

enum { PROGRAM_NAME_MAX = 64 };

/* Calls `each` with every option of the program, the common ones last. */
void program_walk(const struct program *program, void (*each)(const struct option_spec *spec));

/* "import" of "afxdp-model import". */
const char *program_verb_name(const struct program_verb *verb);

/* The program's name as it may stand in a shell function's or a file's. */
void program_plain_name(const struct program *program, char between, char name[PROGRAM_NAME_MAX]);

#endif
