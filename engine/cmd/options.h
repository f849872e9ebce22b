// SPDX-License-Identifier: BSD-2-Clause
/* Command lines: a program lists its options in tables, which are both parser and --help.
 *
 * Every program understands --help and --version. Options may come in any order, as `--name value`
 * or `--name=value`, and as `-n value` where they have a letter. */
#ifndef AFXDP_OPTIONS_H
#define AFXDP_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct option_spec {
    const char *group;    /* heading in --help, NULL: the same as before */
    const char *name;     /* long name, without dashes; NULL ends a table */
    char letter;          /* 0: none */
    const char *argument; /* what --help calls it, NULL: the option takes none */
    const char *help;     /* lines, separated by \n */
    /* Stores the value ("" without argument) in the program's own struct; -EINVAL for a bad one. */
    int (*set)(void *target, const char *value, struct error *error);
};

enum { OPTION_TABLES_MAX = 8 };

struct program {
    const char *name;
    const char *usage; /* lines behind "usage: " */
    const char *summary;
    const char *notes;                                   /* end of --help, or NULL */
    const struct option_spec *tables[OPTION_TABLES_MAX]; /* up to the first NULL */
    /* Takes an argument that is no option; NULL: there are none. */
    int (*argument)(void *target, const char *value, struct error *error);
};

enum options_outcome {
    OPTIONS_RUN = 0,
    OPTIONS_DONE = 1, /* --help or --version was printed */
};

/* Parses the command line into `target`. An enum options_outcome, or -EINVAL with the reason in
 * `error`. Values stay in argv. */
int options_parse(const struct program *program, void *target, int argc, char **argv,
                  struct error *error);

/* A whole number within [least, most], in decimal or 0x hexadecimal; `what` names it in messages
 * ("--flows"). */
int options_number(const char *text, const char *what, uint64_t least, uint64_t most,
                   uint64_t *value, struct error *error);

/* Prints "NAME: TEXT" on stderr. */
void program_complain(const struct program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Exit status of every program. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* while running */
    EXIT_USAGE = 2,  /* bad usage or input */
};

/* That of a failure: EXIT_FAILED where the machine let a sound request down (no space, no memory,
 * an I/O error), else EXIT_USAGE. */
int exit_status_of(int err);

#endif
