// SPDX-License-Identifier: BSD-2-Clause
/* The models and forms that the kernel tests run through, each with the user-space classifier that
 * it has to agree with. Aborts where something can't be made. */
#ifndef AFXDP_TEST_KERNEL_MODELS_H
#define AFXDP_TEST_KERNEL_MODELS_H

#include "classifier.h"
#include "path.h"

struct kernel_model {
    const char *name;
    struct classifier *classifier;
    const void *model; /* what path_install takes */
    /* Opens the program in one of its forms. */
    int (*open)(struct path_program **out, const struct kernel_model *model, uint32_t form,
                struct error *error);
    uint32_t forms; /* 0..forms - 1 */
    uint32_t class_count;
};

enum { KERNEL_MODELS = 10 };

/* Networks first, then trees and forests, of either feature set; random, from the seed. */
void kernel_model_make(struct kernel_model *model, uint32_t which, uint64_t seed);
/* The model in a file; false where there is no such file. */
bool kernel_model_read(struct kernel_model *model, const char *path);
void kernel_model_free(struct kernel_model *model);

/* Ends the program with the status of a skip where it can't load programs. */
void kernel_need_root(void);

/* Likewise where they can't be handed packets with times. */
void kernel_need_stamps(void);

/* AFXDP_SEED or the clock; printed. */
uint64_t kernel_seed(void);

/* Ties this thread to the CPU it is on, and tells which that is. */
uint32_t kernel_stay_on_cpu(void);

#endif
