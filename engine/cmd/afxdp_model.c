// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model: makes model files and shows what is in them. */
#include <stdio.h>
#include <string.h>

#include "model_verbs.h"
#include "program.h"

static const struct verb {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"inspect", "show what is in a .q8 model", model_inspect},
    {"code", "make the input code of a network from training rows", model_code},
    {"import", "turn an ONNX model into a .q8 model", model_import},
    {"eval", "score a model on labelled rows", model_eval},
};

enum {
    VERBS = sizeof(verbs) / sizeof(verbs[0]),
};

static void print_usage(FILE *file)
{
    fprintf(file, "usage: afxdp-model VERB ...\n\n"
                  "Makes model files for afxdp-engine and shows what is in them.\n\nVerbs:\n");
    for (int i = 0; i < VERBS; i++)
        fprintf(file, "  %-10s%s\n", verbs[i].name, verbs[i].help);
    fprintf(file, "\nafxdp-model VERB --help says more.\n");
}

int main(int argc, char **argv)
{
    program_begin();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("afxdp-model %s\n", AFXDP_VERSION);
        return EXIT_DONE;
    }
    for (int i = 0; argc > 1 && i < VERBS; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "afxdp-model: unknown verb '%.40s'; see afxdp-model --help\n", argv[1]);
    else
        print_usage(stderr);
    return EXIT_USAGE;
}
