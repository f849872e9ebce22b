// SPDX-License-Identifier: BSD-2-Clause
#include "program.h"
#include "program_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPECS_MAX = PROGRAM_TABLES_MAX * OPTIONS_MAX,
    VALUE_FIRST = 1000, /* getopt's value of the first long option */
    VALUE_HELP = VALUE_FIRST + SPECS_MAX,
    VALUE_VERSION,
};

/* What getopt is asked for, and which option each of its answers means. */
struct command_line {
    struct option longs[SPECS_MAX + 3];
    char shorts[2 * SPECS_MAX + 4];
    const struct option_spec *spec[SPECS_MAX];
    int table[SPECS_MAX];
    int count;
};

void program_begin(void)
{
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == 0 ? O_RDONLY : O_WRONLY) < 0)
            exit(EXIT_FAILED);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

static int tables_of(const struct program *program)
{
    int count = 0;

    while (count < PROGRAM_TABLES_MAX && program->tables[count])
        count++;
    return count;
}

static void gather(struct command_line *line, const struct program *program)
{
    char *letter = line->shorts;

    *letter++ = ':'; /* tell a missing argument from an unknown option */
    *letter++ = 'h';
    *letter++ = 'V';
    for (int t = 0; t < tables_of(program); t++) {
        for (const struct option_spec *spec = program->tables[t]; spec->name; spec++) {
            int i = line->count++;

            line->spec[i] = spec;
            line->table[i] = t;
            line->longs[i] = (struct option){
                spec->name, spec->type == OPTION_FLAG ? no_argument : required_argument, NULL,
                VALUE_FIRST + i};
            if (spec->letter) {
                *letter++ = spec->letter;
                if (spec->type != OPTION_FLAG)
                    *letter++ = ':';
            }
        }
    }
    *letter = '\0';
    line->longs[line->count] = (struct option){"help", optional_argument, NULL, VALUE_HELP};
    line->longs[line->count + 1] = (struct option){"version", no_argument, NULL, VALUE_VERSION};
    line->longs[line->count + 2] = (struct option){0};
}

/* The place of the option that getopt's answer means, or -1. */
static int place_of(const struct command_line *line, int value)
{
    if (value >= VALUE_FIRST && value < VALUE_HELP)
        return value - VALUE_FIRST;
    for (int i = 0; i < line->count; i++) {
        if (line->spec[i]->letter == value)
            return i;
    }
    return -1;
}

/* The long options that begin as the word does, "--a, --b". */
static int candidates(const struct command_line *line, const char *word, char *list, size_t size)
{
    size_t length = strcspn(word, "=");
    int found = 0;

    *list = '\0';
    for (const struct option *each = line->longs; each->name; each++) {
        if (strncmp(each->name, word, length) != 0)
            continue;
        if (found++ > 0)
            strncat(list, ", ", size - strlen(list) - 1);
        strncat(list, "--", size - strlen(list) - 1);
        strncat(list, each->name, size - strlen(list) - 1);
    }
    return found;
}

static int parse_error(const struct program *program, const struct command_line *line, int value,
                       char **argv, struct error *error)
{
    const char *word = argv[optind - 1];
    char list[256];

    if (value == ':')
        return error_set(error, -EINVAL, "option %.60s needs a value; see %s --help", word,
                         program->name);
    if (optopt > 0 && optopt < VALUE_FIRST)
        return error_set(error, -EINVAL, "unknown option -%c; see %s --help", optopt,
                         program->name);
    if (optopt != 0)
        return error_set(error, -EINVAL, "option %.60s takes no value; see %s --help", word,
                         program->name);
    int found = candidates(line, strncmp(word, "--", 2) == 0 ? word + 2 : word, list, sizeof(list));
    if (found > 1)
        return error_set(error, -EINVAL, "option %.60s is ambiguous: %s", word, list);
    return error_set(error, -EINVAL, "unknown option %.60s; see %s --help", word, program->name);
}

static int print(const struct program *program, const char *format, struct error *error)
{
    if (!format)
        program_print_help(program);
    else if (strcmp(format, "man") == 0)
        program_print_manual(program);
    else if (strcmp(format, "bash") == 0)
        program_print_bash(program);
    else if (strcmp(format, "zsh") == 0)
        program_print_zsh(program);
    else
        return error_set(error, -EINVAL, "--help=%.40s: should be one of man, bash, zsh", format);
    return PROGRAM_DONE;
}

static int take_arguments(const struct program *program, void *target, int argc, char **argv,
                          struct error *error)
{
    for (int i = optind; i < argc; i++) {
        if (!program->argument)
            return error_set(error, -EINVAL, "'%.80s' is no option; see %s --help", argv[i],
                             program->name);
        int status = program->argument(target, argv[i], error);
        if (status != 0)
            return status;
    }
    return PROGRAM_RUN;
}

int program_parse(const struct program *program, struct option_values *values, int argc,
                  char **argv, struct error *error)
{
    struct command_line line = {.count = 0};
    int value;

    gather(&line, program);
    opterr = 0;
    optind = 0; /* glibc: start afresh, also for a second command line */
    while ((value = getopt_long(argc, argv, line.shorts, line.longs, NULL)) != -1) {
        if (value == VALUE_HELP || value == 'h')
            return print(program, optarg, error);
        if (value == VALUE_VERSION || value == 'V') {
            printf("%s %s\n", program->name, AFXDP_VERSION);
            return PROGRAM_DONE;
        }
        int place = place_of(&line, value);
        if (place < 0)
            return parse_error(program, &line, value, argv, error);
        int status =
            option_set(&values[line.table[place]], line.spec[place], optarg ? optarg : "", error);
        if (status != 0)
            return status;
    }
    int status = take_arguments(program, values[0].target, argc, argv, error);
    for (int t = 0; status == PROGRAM_RUN && t < tables_of(program); t++)
        status = option_check_conflicts(&values[t], error);
    if (status == PROGRAM_RUN)
        status =
            option_check_files(values, tables_of(program), argv + optind, argc - optind, error);
    return status;
}

int program_options(const struct program *program, void *target, int argc, char **argv,
                    struct error *error)
{
    static const struct option_spec none[] = {{0}};
    static struct option_values values;

    option_values_init(&values, program->tables[0] ? program->tables[0] : none, target);
    return program_parse(program, &values, argc, argv, error);
}

const struct program_verb *program_find_verb(const struct program *program, int argc, char **argv)
{
    for (const struct program_verb *verb = program->verbs; argc > 1 && verb->program; verb++) {
        if (strcmp(argv[1], program_verb_name(verb)) == 0)
            return verb;
    }
    return NULL;
}

int exit_status_of(int err)
{
    switch (-err) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
    case EPIPE:
    case ENOMEM:
        return EXIT_FAILED;
    default:
        return EXIT_USAGE;
    }
}

void program_complain(const struct program *program, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *p = text; *p; p++) { /* quoted from files that may hold anything: keep to one line */
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    fprintf(stderr, "%s: %s\n", program->name, text);
}
