// SPDX-License-Identifier: BSD-2-Clause
/* --help, and the same table as a manual page and as completion. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { HELP_COLUMN = 28 };

static const struct option_spec common[] = {
    {.group = "Other",
     .name = "help",
     .letter = 'h',
     .help = "print this and exit; --help=man, bash or zsh: a manual\npage, completion"},
    {.name = "version", .letter = 'V', .help = "print the version and exit"},
    {0},
};

/* Calls `each` with every option of the program, the common ones last. */
static void walk(const struct program *program, void (*each)(const struct option_spec *spec))
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

void program_print_help(const struct program *program)
{
    printf("usage: %s\n\n%s\n", program->usage, program->summary);
    walk(program, help_option);
    if (program->notes)
        printf("\n%s\n", program->notes);
}

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

/* The program's name as it may stand in a shell function's or a file's. */
static void plain_name(const struct program *program, char between, char name[64])
{
    snprintf(name, 64, "%s", program->name);
    for (char *at = name; *at; at++) {
        if (*at == ' ' || *at == '-')
            *at = between;
    }
}

void program_print_manual(const struct program *program)
{
    char name[64];

    plain_name(program, '-', name);
    printf(".TH %s 1 \"\" \"%s %s\" \"afxdp\\-engine\"\n.SH NAME\n", name, program->name,
           AFXDP_VERSION);
    manual_text(name);
    printf(" \\- packet classification with integer\\-only models\n.SH SYNOPSIS\n.nf\n");
    manual_text(program->usage);
    fputs("\n.fi\n.SH DESCRIPTION\n", stdout);
    manual_text(program->summary);
    fputs("\n.SH OPTIONS\n", stdout);
    walk(program, manual_option);
    if (program->notes) {
        fputs(".SH NOTES\n", stdout);
        manual_text(program->notes);
        putchar('\n');
    }
}

static void bash_word(const struct option_spec *spec)
{
    printf(" --%s", spec->name);
}

static void bash_case(const struct option_spec *spec)
{
    if (spec->type == OPTION_CHOICE) {
        printf("    --%s) COMPREPLY=($(compgen -W '", spec->name);
        for (int i = 0; spec->choices[i]; i++)
            printf("%s%s", i ? " " : "", spec->choices[i]);
        printf("' -- \"$word\")); return ;;\n");
    } else if (spec->argument && strcmp(spec->argument, "IF") == 0) {
        printf("    --%s) COMPREPLY=($(compgen -W \"$(ls /sys/class/net)\" -- \"$word\")); return "
               ";;\n",
               spec->name);
    } else if (spec->argument && strcmp(spec->argument, "FILE") == 0) {
        printf("    --%s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", spec->name);
    } else if (spec->argument) {
        printf("    --%s) return ;;\n", spec->name);
    }
}

void program_print_bash(const struct program *program)
{
    char name[64];

    plain_name(program, '_', name);
    printf("_%s() {\n    local word=${COMP_WORDS[COMP_CWORD]} "
           "before=${COMP_WORDS[COMP_CWORD-1]}\n    case $before in\n",
           name);
    walk(program, bash_case);
    printf("    esac\n    COMPREPLY=($(compgen -W '");
    walk(program, bash_word);
    printf("' -- \"$word\"))\n}\ncomplete -o default -F _%s %s\n", name, program->name);
}

/* One description, without what zsh's _arguments would take for its own. */
static void zsh_option(const struct option_spec *spec)
{
    printf("    '%s--%s%s[", spec->type == OPTION_OTHER ? "*" : "", spec->name,
           spec->argument ? "=" : "");
    for (const char *at = spec->help; *at; at++) {
        if (*at == '\'')
            fputs("'\\''", stdout);
        else if (*at == '\n')
            putchar(' ');
        else if (strchr("[]:\\", *at))
            printf("\\%c", *at);
        else
            putchar(*at);
    }
    putchar(']');
    if (spec->argument)
        printf(":%s:", spec->argument);
    if (spec->type == OPTION_CHOICE) {
        putchar('(');
        for (int i = 0; spec->choices[i]; i++)
            printf("%s%s", i ? " " : "", spec->choices[i]);
        putchar(')');
    } else if (spec->argument && strcmp(spec->argument, "FILE") == 0) {
        fputs("_files", stdout);
    } else if (spec->argument && strcmp(spec->argument, "IF") == 0) {
        fputs("_net_interfaces", stdout);
    }
    printf("' \\\n");
}

void program_print_zsh(const struct program *program)
{
    printf("#compdef %s\n_arguments \\\n", program->name);
    walk(program, zsh_option);
    printf("    '*:file:_files'\n");
}
