// SPDX-License-Identifier: BSD-2-Clause
/* Command lines: a program's tables of options (option.h) are its parser, its --help, its manual
 * page and its completion.
 *
 * Every program understands --help and --version. Options may come in any order, as `--name value`
 * or `--name=value`, and as `-n value` where they have a letter. */
#ifndef AFXDP_PROGRAM_H
#define AFXDP_PROGRAM_H

#include "option.h"

enum { PROGRAM_TABLES_MAX = 2 };

struct program;

/* What stands behind a program's name, with options of its own. */
struct program_verb {
    const struct program *program;     /* named "PROGRAM VERB"; NULL ends a list */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns an exit status */
};

struct program {
    const char *name;    /* as it is called, "afxdp-model import" too */
    const char *purpose; /* a few words, without a full stop: the manual page's name line */
    const char *usage;   /* lines behind "usage: " */
    const char *summary; /* lines */
    const char *notes;   /* end of --help, or NULL */
    const struct option_spec *tables[PROGRAM_TABLES_MAX]; /* up to the first NULL */
    /* Takes an argument that is no option; NULL: there are none. `target`: the first table's. */
    int (*argument)(void *target, const char *value, struct error *error);
    const struct program_verb *verbs; /* NULL: none */
};

enum program_outcome {
    PROGRAM_RUN = 0,
    PROGRAM_DONE = 1, /* --help or --version was printed */
};

/* Opens the standard streams that are closed, so that no file of the program's becomes one of them,
 * and lets a write to a pipe without a reader fail instead of ending the process. First thing in a
 * main. */
void program_begin(void);

/* Parses the command line into `values`, one for each of the program's tables. An enum
 * program_outcome, or -EINVAL with the reason. */
int program_parse(const struct program *program, struct option_values *values, int argc,
                  char **argv, struct error *error);

/* The same for a program of one table or none, over `target`: its texts live as long as the
 * process.
 */
int program_options(const struct program *program, void *target, int argc, char **argv,
                    struct error *error);

/* The verb that argv[1] names, or NULL. */
const struct program_verb *program_find_verb(const struct program *program, int argc, char **argv);

/* Prints "NAME: TEXT" on stderr. */
void program_complain(const struct program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void program_print_help(const struct program *program);

/* A page in man(7)'s language, and completion for "bash" and "zsh"; on standard output. */
void program_print_manual(const struct program *program);
void program_print_bash(const struct program *program);
void program_print_zsh(const struct program *program);

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
