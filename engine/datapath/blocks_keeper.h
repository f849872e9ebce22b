// SPDX-License-Identifier: BSD-2-Clause
/* The thread that keeps who is blocked in a file: at the start, so that a run that couldn't is
 * refused, each minute, when it is asked to, and at the end. */
#ifndef AFXDP_BLOCKS_KEEPER_H
#define AFXDP_BLOCKS_KEEPER_H

#include "blocks.h"

struct blocks_keeper;

/* -errno of the first writing, or of starting a thread. */
int blocks_keeper_open(struct blocks_keeper **out, struct blocks *blocks, const char *path,
                       struct error *error);

/* Soon, for something was changed by hand. Takes NULL. */
void blocks_keeper_hurry(struct blocks_keeper *keeper);

/* Whether it could be written when last it was tried; -errno with words. */
int blocks_keeper_check(struct blocks_keeper *keeper, struct error *error);

/* Writes for the last time. -errno. Takes NULL. */
int blocks_keeper_close(struct blocks_keeper *keeper, struct error *error);

#endif
