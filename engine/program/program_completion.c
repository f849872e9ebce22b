// SPDX-License-Identifier: BSD-2-Clause
/* A program's table of options as completion for bash and zsh. */
#include <stdio.h>
#include <string.h>

#include "program_pages.h"

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

/* A function that completes the options of one program or verb. */
static void bash_function(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    program_plain_name(program, '_', name);
    printf("_%s() {\n    local word=${COMP_WORDS[COMP_CWORD]} "
           "before=${COMP_WORDS[COMP_CWORD-1]}\n    case $before in\n",
           name);
    program_walk(program, bash_case);
    printf("    esac\n");
    if (program->verbs)
        printf("    if [ \"$COMP_CWORD\" -gt 1 ]; then\n        case ${COMP_WORDS[1]} in\n");
    for (const struct program_verb *verb = program->verbs; verb && verb->program; verb++)
        printf("        %s) _%s_%s; return ;;\n", program_verb_name(verb), name,
               program_verb_name(verb));
    if (program->verbs)
        printf("        esac\n    fi\n");
    printf("    COMPREPLY=($(compgen -W '");
    program_walk(program, bash_word);
    for (const struct program_verb *verb = program->verbs; verb && verb->program; verb++)
        printf(" %s", program_verb_name(verb));
    printf("' -- \"$word\"))\n}\n");
}

void program_print_bash(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    for (const struct program_verb *verb = program->verbs; verb && verb->program; verb++)
        bash_function(verb->program);
    bash_function(program);
    program_plain_name(program, '_', name);
    printf("complete -o default -F _%s %s\n", name, program->name);
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

static void zsh_function(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    program_plain_name(program, '_', name);
    printf("_%s() {\n", name);
    if (program->verbs) {
        printf("    if (( CURRENT > 2 )); then\n        case $words[2] in\n");
        for (const struct program_verb *verb = program->verbs; verb->program; verb++)
            printf("        %s) shift words; (( CURRENT-- )); _%s_%s; return ;;\n",
                   program_verb_name(verb), name, program_verb_name(verb));
        printf("        esac\n    fi\n");
    }
    printf("    _arguments \\\n");
    program_walk(program, zsh_option);
    if (program->verbs) {
        printf("    '1:verb:(");
        for (const struct program_verb *verb = program->verbs; verb->program; verb++)
            printf("%s%s", verb == program->verbs ? "" : " ", program_verb_name(verb));
        printf(")' \\\n");
    }
    printf("    '*:file:_files'\n}\n");
}

void program_print_zsh(const struct program *program)
{
    char name[PROGRAM_NAME_MAX];

    printf("#compdef %s\n", program->name);
    for (const struct program_verb *verb = program->verbs; verb && verb->program; verb++)
        zsh_function(verb->program);
    zsh_function(program);
    program_plain_name(program, '_', name);
    printf("_%s \"$@\"\n", name);
}
