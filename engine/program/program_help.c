// SPDX-License-Identifier: BSD-2-Clause
/* --help, and what its brothers share with it. */
#include "program_pages.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 28 };

static const struct option_spec common[] = {
    {.group = "Other",
     .name = "help",
     .letter = 'h',
     .help = "print this and exit; --help=man, bash or zsh: a manual\npage, completion"},
    {.name = "version", .letter = 'V', .help = "print the version and exit"},
    {0},
};

void program_walk(const struct program *program, void (*each)(const struct option_spec *spec))
{
    for (int t = 0; t < PROGRAM_TABLES_MAX && program->tables[t]; t++) {
        for (const struct option_spec *spec = program->tables[t]; spec->name; spec++)
            each(spec);
    }
    for (const struct option_spec *spec = common; spec->name; spec++)
        each(spec);
}

static void help_option(const struct option_spec *spec)
{
    char left[64];
    char letter[8] = "    ";
    const char *line = spec->help;

    if (spec->group)
        printf("\n%s:\n", spec->group);
    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    int width = snprintf(left, sizeof(left), "  %s--%s%s%s", letter, spec->name,
                         spec->argument ? " " : "", spec->argument ? spec->argument : "");
    if (width >= HELP_COLUMN) {
        printf("%s\n", left);
        left[0] = '\0';
    }
    while (line) {
        const char *end = strchr(line, '\n');
        int length = end ? (int)(end - line) : (int)strlen(line);

        printf("%-*s%.*s", HELP_COLUMN, left, length, line);
        left[0] = '\0';
        line = end ? end + 1 : NULL;
        if (!line && spec->initial)
            printf(" (%s)", spec->initial);
        putchar('\n');
    }
}

const char *program_verb_name(const struct program_verb *verb)
{
    return strrchr(verb->program->name, ' ') + 1;
}

void program_plain_name(const struct program *program, char between, char name[PROGRAM_NAME_MAX])
{
    snprintf(name, PROGRAM_NAME_MAX, "%s", program->name);
    for (char *at = name; *at; at++) {
        if (*at == ' ' || *at == '-')
            *at = between;
    }
}

void program_print_help(const struct program *program)
{
    printf("usage: %s\n\n%s\n", program->usage, program->summary);
    program_walk(program, help_option);
    if (program->verbs)
        printf("\nVerbs:\n");
    for (const struct program_verb *verb = program->verbs; verb && verb->program; verb++)
        printf("  %-*s%s\n", HELP_COLUMN - 2, program_verb_name(verb), verb->program->purpose);
    if (program->notes)
        printf("\n%s\n", program->notes);
}
