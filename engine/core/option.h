// SPDX-License-Identifier: BSD-2-Clause
/* Options: one table says what there is, and everything else is made from it: the command line, the
 * configuration file, the library's afxdp_config_set, --help, the manual page, shell completion.
 *
 *     table (const) ─► option_values: which were given, and the caller's struct that holds them
 *
 * For set-up: one thread at a time. */
#ifndef AFXDP_OPTION_H
#define AFXDP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum option_type {
    OPTION_FLAG,   /* bool: no value on the command line, yes or no elsewhere */
    OPTION_NUMBER, /* unsigned, least to most, of the member's size */
    OPTION_CHOICE, /* int: the value's place in `choices` */
    OPTION_TEXT,   /* const char *, NULL where it wasn't given */
    OPTION_OTHER,  /* what `parse` makes of it; may be given again */
};

enum option_file {
    OPTION_NO_FILE,
    OPTION_FILE_READ,
    OPTION_FILE_WRITTEN,
};

enum { OPTIONS_MAX = 96 };

struct option_spec {
    const char *group; /* heading in help, NULL: the same as before */
    const char *name;  /* long name, without dashes; NULL ends a table */
    char letter;       /* 0: none */
    enum option_type type;
    const char *argument;       /* what help calls its value; NULL for a flag */
    const char *initial;        /* value where it isn't given, as text; NULL: the caller's */
    const char *unit;           /* of a number, "s"; NULL: a count */
    uint64_t least, most;       /* of a number */
    const char *const *choices; /* ends with NULL */
    const char *help;           /* lines, separated by \n */
    const char *conflicts;      /* names of options it excludes, separated by commas; NULL: none */
    const char *needs;          /* one that it means nothing without; NULL: none */
    enum option_file file;      /* what happens to the file that its text names */
    size_t offset, size;        /* of the member: OPTION_MEMBER */
    uint32_t applies;           /* the table's own: what it has a meaning for, as bits */
    /* OPTION_OTHER: stores the value, which stays as long as the values do. -EINVAL for a bad one,
     * with a message that begins with the option's name as the user knows it. */
    int (*parse)(void *target, const char *value, struct error *error);
};

#define OPTION_MEMBER(type, member)                                                                \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* The beginnings of a table's rows. */
#define OPTION_ROW_FLAG(text, target, member)                                                      \
    .name = (text), .type = OPTION_FLAG, OPTION_MEMBER(target, member)
#define OPTION_ROW_TEXT(text, what, target, member)                                                \
    .name = (text), .type = OPTION_TEXT, .argument = (what), OPTION_MEMBER(target, member)
#define OPTION_ROW_INPUT(text, target, member)                                                     \
    OPTION_ROW_TEXT(text, "FILE", target, member), .file = OPTION_FILE_READ
#define OPTION_ROW_OUTPUT(text, target, member)                                                    \
    OPTION_ROW_TEXT(text, "FILE", target, member), .file = OPTION_FILE_WRITTEN
#define OPTION_ROW_NUMBER(text, what, from, to, target, member)                                    \
    .name = (text), .type = OPTION_NUMBER, .argument = (what), .least = (from), .most = (to),      \
    OPTION_MEMBER(target, member)
#define OPTION_ROW_CHOICE(text, what, list, target, member)                                        \
    .name = (text), .type = OPTION_CHOICE, .argument = (what), .choices = (list),                  \
    OPTION_MEMBER(target, member)
#define OPTION_ROW_OTHER(text, what, function)                                                     \
    .name = (text), .type = OPTION_OTHER, .argument = (what), .parse = (function)

struct option_text;

struct option_values {
    const struct option_spec *table;
    void *target; /* the struct that the members are of */
    bool given[OPTIONS_MAX];
    struct option_text *texts; /* copies, freed with the values */
};

/* Sets the members that have an initial value in the table; the others stay as the caller set them.
 * `target` stays the caller's. */
void option_values_init(struct option_values *values, const struct option_spec *table,
                        void *target);

void option_values_free(struct option_values *values);

/* The option of that name, or NULL. */
const struct option_spec *option_find(const struct option_spec *table, const char *name);

/* Stores a value, which is copied: "yes", "" or "no" for a flag. A value given before gives way.
 * -EINVAL with one line, -ENOMEM. */
int option_set(struct option_values *values, const struct option_spec *spec, const char *value,
               struct error *error);

bool option_given(const struct option_values *values, const char *name);

/* Reads lines `name = value`: the options' own long names, # begins a comment, a flag may stand
 * alone. What was given before stays; what may be given again adds up, and nothing else stands
 * there twice. -errno of reading, -EINVAL with file and line. */
int option_read_file(struct option_values *values, const char *path, struct error *error);

/* -EINVAL where options were given that exclude each other, or one without the one it needs. */
int option_check_conflicts(const struct option_values *values, struct error *error);

/* -EINVAL where a file would be written that is also read, or written twice. `inputs`: files that
 * are read without an option. Pipes, devices and "-" may have several uses. */
int option_check_files(const struct option_values *values, int tables, char *const *inputs,
                       int input_count, struct error *error);

/* The same of one more file that `option` has written beside the one that it names. */
int option_check_written(const struct option_values *values, const char *option, const char *path,
                         struct error *error);

/* A list of names, separated by commas: bit i for the i-th of `names`, which end with NULL. Returns
 * NULL, or the first in the list that isn't one of them. */
const char *option_name_bits(uint32_t *bits, const char *text, const char *const *names);

/* A whole number within [least, most], in decimal or 0x hexadecimal; `what` names it in messages
 * ("--flows"). */
int option_number(const char *text, const char *what, uint64_t least, uint64_t most,
                  uint64_t *value, struct error *error);

#endif
