// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int read_number(const char *option, const char *text, long least, long most, long *value)
{
    char *rest;

    errno = 0;
    *value = strtol(text, &rest, 10);
    if (errno == 0 && *text && !*rest && *value >= least && *value <= most)
        return 0;
    fprintf(stderr, "afxdp-bench: %s %s: should be a number from %ld to %ld\n", option, text, least,
            most);
    return 2;
}

static int pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        return 0;
    fprintf(stderr, "afxdp-bench: --cpu %d: cannot pin this thread: %s\n", cpu, strerror(errno));
    return 2;
}

/* Whether the subcommand's usage names an option: what it doesn't, it would ignore. */
static int check_named(const struct option *names, int option, const char *usage)
{
    char text[32];

    while (names->name && names->val != option)
        names++;
    snprintf(text, sizeof(text), "--%s", names->name ? names->name : "");
    if (option == 'h' || strstr(usage, text))
        return 0;
    fprintf(stderr, "afxdp-bench: %s is not an option of this subcommand; see --help\n", text);
    return 2;
}

int bench_options_read(struct bench_options *options, const char *usage, int argc, char **argv)
{
    static const struct option names[] = {
        {"json", no_argument, NULL, 'j'},         {"csv", no_argument, NULL, 'c'},
        {"rounds", required_argument, NULL, 'r'}, {"cpu", required_argument, NULL, 'p'},
        {"model", required_argument, NULL, 'm'},  {"features", required_argument, NULL, 'f'},
        {"hosts", required_argument, NULL, 'o'},  {"events", no_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    long number;
    int option;

    *options = (struct bench_options){.rounds = BENCH_ROUNDS_DEFAULT, .cpu = -1};
    while ((option = getopt_long(argc, argv, "m:h", names, NULL)) != -1) {
        if (option != '?' && check_named(names, option, usage))
            return 2;
        switch (option) {
        case 'j':
            options->format = BENCH_JSON;
            break;
        case 'c':
            options->format = BENCH_CSV;
            break;
        case 'r':
            if (read_number("--rounds", optarg, 1, BENCH_ROUNDS_MAX, &number))
                return 2;
            options->rounds = (uint32_t)number;
            break;
        case 'p':
            if (read_number("--cpu", optarg, 0, CPU_SETSIZE - 1, &number))
                return 2;
            options->cpu = (int)number;
            break;
        case 'm':
            options->model = optarg;
            break;
        case 'f':
            options->features = optarg;
            break;
        case 'o':
            options->hosts = optarg;
            break;
        case 'e':
            options->events = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default: /* getopt has said what is wrong */
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "afxdp-bench: '%s' is not an option; see --help\n", argv[optind]);
        return 2;
    }
    return options->cpu >= 0 ? pin(options->cpu) : 0;
}
