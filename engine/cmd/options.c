// SPDX-License-Identifier: BSD-2-Clause
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPECS_MAX = 96,
    HELP_COLUMN = 28,
    VALUE_HELP = 1000, /* getopt's values: these two, and from VALUE_FIRST on a spec's place */
    VALUE_VERSION,
    VALUE_FIRST,
};

/* All tables one behind the other. */
struct specs {
    const struct option_spec *spec[SPECS_MAX];
    int count;
};

static struct specs gather(const struct program *program)
{
    struct specs specs = {.count = 0};

    for (int t = 0; t < OPTION_TABLES_MAX && program->tables[t]; t++) {
        for (const struct option_spec *spec = program->tables[t]; spec->name; spec++) {
            if (specs.count < SPECS_MAX)
                specs.spec[specs.count++] = spec;
        }
    }
    return specs;
}

static void print_option(const struct option_spec *spec)
{
    char left[64];
    char letter[8] = "    ";
    const char *line = spec->help;

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

        printf("%-*s%.*s\n", HELP_COLUMN, left, length, line);
        left[0] = '\0';
        line = end ? end + 1 : NULL;
    }
}

static void print_help(const struct program *program, const struct specs *specs)
{
    static const struct option_spec common[] = {
        {NULL, "help", 'h', NULL, "print this and exit", NULL},
        {NULL, "version", 0, NULL, "print the version and exit", NULL},
    };

    printf("usage: %s\n\n%s\n", program->usage, program->summary);
    for (int i = 0; i < specs->count; i++) {
        if (specs->spec[i]->group)
            printf("\n%s:\n", specs->spec[i]->group);
        print_option(specs->spec[i]);
    }
    printf("\nOther:\n");
    print_option(&common[0]);
    print_option(&common[1]);
    if (program->notes)
        printf("\n%s\n", program->notes);
}

/* getopt's long and short tables from ours. */
static void build_tables(const struct specs *specs, struct option longs[SPECS_MAX + 3],
                         char shorts[2 * SPECS_MAX + 4])
{
    char *letter = shorts;

    *letter++ = ':'; /* tell a missing argument from an unknown option */
    *letter++ = 'h';
    for (int i = 0; i < specs->count; i++) {
        const struct option_spec *spec = specs->spec[i];

        longs[i] = (struct option){spec->name, spec->argument ? required_argument : no_argument,
                                   NULL, VALUE_FIRST + i};
        if (spec->letter) {
            *letter++ = spec->letter;
            if (spec->argument)
                *letter++ = ':';
        }
    }
    *letter = '\0';
    longs[specs->count] = (struct option){"help", no_argument, NULL, VALUE_HELP};
    longs[specs->count + 1] = (struct option){"version", no_argument, NULL, VALUE_VERSION};
    longs[specs->count + 2] = (struct option){0};
}

static const struct option_spec *spec_of(const struct specs *specs, int value)
{
    if (value >= VALUE_FIRST)
        return specs->spec[value - VALUE_FIRST];
    for (int i = 0; i < specs->count; i++) {
        if (specs->spec[i]->letter == value)
            return specs->spec[i];
    }
    return NULL;
}

static int parse_error(const struct program *program, int value, char **argv, struct error *error)
{
    if (value == ':')
        return error_set(error, -EINVAL, "option %s needs a value; see %s --help", argv[optind - 1],
                         program->name);
    if (optopt > 0 && optopt < VALUE_HELP)
        return error_set(error, -EINVAL, "unknown option -%c; see %s --help", optopt,
                         program->name);
    return error_set(error, -EINVAL,
                     "option %s is unknown, ambiguous or takes no value; see %s --help",
                     argv[optind - 1], program->name);
}

int options_parse(const struct program *program, void *target, int argc, char **argv,
                  struct error *error)
{
    struct specs specs = gather(program);
    struct option longs[SPECS_MAX + 3];
    char shorts[2 * SPECS_MAX + 4];
    int value;

    build_tables(&specs, longs, shorts);
    opterr = 0;
    optind = 0; /* glibc: start afresh, also for a second command line */
    while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (value == VALUE_HELP || value == 'h') {
            print_help(program, &specs);
            return OPTIONS_DONE;
        }
        if (value == VALUE_VERSION) {
            printf("%s %s\n", program->name, AFXDP_VERSION);
            return OPTIONS_DONE;
        }
        const struct option_spec *spec = spec_of(&specs, value);
        if (!spec)
            return parse_error(program, value, argv, error);
        int err = spec->set(target, optarg ? optarg : "", error);
        if (err)
            return err;
    }
    for (int i = optind; i < argc; i++) {
        if (!program->argument)
            return error_set(error, -EINVAL, "'%s' is no option; see %s --help", argv[i],
                             program->name);
        int err = program->argument(target, argv[i], error);
        if (err)
            return err;
    }
    return OPTIONS_RUN;
}

int options_number(const char *text, const char *what, uint64_t least, uint64_t most,
                   uint64_t *value, struct error *error)
{
    char *end = NULL;

    errno = 0;
    uint64_t number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0')
        return error_set(error, -EINVAL, "%s %s: not a whole number", what, text);
    if (errno || number < least || number > most)
        return error_set(error, -EINVAL, "%s %s: allowed are %" PRIu64 " to %" PRIu64, what, text,
                         least, most);
    *value = number;
    return 0;
}

int exit_status_of(int err)
{
    switch (-err) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
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
