// SPDX-License-Identifier: BSD-2-Clause
/* A program's table of options as a page in man(7)'s language. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program_pages.h"

/* Text in man(7)'s language: no line may look like a request, and - is a minus. */
static void manual_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        if (*text == '\n' && (text[1] == '.' || text[1] == '\''))
            fputs("\\&", stdout);
    }
}

static void manual_range(const struct option_spec *spec)
{
    if (spec->type == OPTION_NUMBER && spec->most != UINT64_MAX)
        printf(" Allowed: %" PRIu64 " to %" PRIu64 "%s%s.", spec->least, spec->most,
               spec->unit ? " " : "", spec->unit ? spec->unit : "");
    for (int i = 0; spec->type == OPTION_CHOICE && spec->choices[i]; i++)
        printf("%s%s%s", i == 0 ? " One of " : ", ", spec->choices[i],
               spec->choices[i + 1] ? "" : ".");
    if (spec->initial)
        printf(" Default: %s.", spec->initial);
    if (spec->conflicts)
        printf(" Excludes: %s.", spec->conflicts);
    putchar('\n');
}

static void manual_option(const struct option_spec *spec)
{
    if (spec->group) {
        fputs(".SS ", stdout);
        manual_text(spec->group);
        putchar('\n');
    }
    fputs(".TP\n.B ", stdout);
    if (spec->letter)
        printf("\\-%c, ", spec->letter);
    fputs("\\-\\-", stdout);
    manual_text(spec->name);
    if (spec->argument)
        printf(" \\fI%s\\fR", spec->argument);
    putchar('\n');
    manual_text(spec->help);
    putchar('.');
    manual_range(spec);
}

/* Each has a page of its own. */
static void manual_verbs(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    if (!program->verbs)
        return;
    fputs(".SH VERBS\n", stdout);
    for (const struct program_verb *verb = program->verbs; verb->program; verb++) {
        printf(".TP\n.B %s\n", program_verb_name(verb));
        manual_text(verb->program->purpose);
        program_plain_name(verb->program, '-', name);
        fputs(": see ", stdout);
        manual_text(name);
        fputs("(1).\n", stdout);
    }
}

void program_print_manual(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    program_plain_name(program, '-', name);
    printf(".TH %s 1 \"\" \"%s %s\" \"afxdp\\-engine\"\n.SH NAME\n", name, program->name,
           AFXDP_VERSION);
    manual_text(name);
    fputs(" \\- ", stdout);
    manual_text(program->purpose);
    fputs("\n.SH SYNOPSIS\n.nf\n", stdout);
    manual_text(program->usage);
    fputs("\n.fi\n.SH DESCRIPTION\n", stdout);
    manual_text(program->summary);
    fputs("\n.SH OPTIONS\n", stdout);
    program_walk(program, manual_option);
    manual_verbs(program);
    if (program->notes) {
        fputs(".SH NOTES\n", stdout);
        manual_text(program->notes);
        putchar('\n');
    }
}
