// SPDX-License-Identifier: BSD-2-Clause
/* What afxdp-model can do. Each verb parses its own command line (argv[0] is the verb), prints its
 * own errors and returns an exit status. */
#ifndef AFXDP_MODEL_VERBS_H
#define AFXDP_MODEL_VERBS_H

#include "program.h"

extern const struct program model_inspect_program, model_code_program, model_import_program,
    model_eval_program, model_explain_program;

/* What verbs that look at rows have first in their options; `argument` of their programs. */
struct model_arguments {
    const char *model;
    const char *features;
};
int model_arguments_set(void *target, const char *value, struct error *error);

int model_inspect(int argc, char **argv);
int model_code(int argc, char **argv);
int model_import(int argc, char **argv);
int model_eval(int argc, char **argv);
int model_explain(int argc, char **argv);

#endif
