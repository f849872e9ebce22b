// SPDX-License-Identifier: BSD-2-Clause
/* A terminal as a screen, from begin to end: keys come one by one and unechoed, what stood there
 * comes back. One a process. */
#ifndef AFXDP_TERMINAL_H
#define AFXDP_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* -ENOTTY where standard input and output are no terminal. SIGINT, SIGTERM and SIGHUP ask for the
 * end from here on. */
int terminal_begin(struct error *error);

void terminal_end(void);

/* 24 and 80 where it doesn't say. */
void terminal_size(uint32_t *rows, uint32_t *columns);

enum terminal_event {
    TERMINAL_TIME,    /* is over */
    TERMINAL_RESIZED, /* has another size */
    TERMINAL_QUIT,    /* q, or one of these signals, or nobody is there any more */
};

/* Waits for one of them, `ms` at most; without a begun terminal for a signal alone. */
enum terminal_event terminal_wait(int ms);

/* Catches the signals without a terminal. */
void terminal_catch(void);

#endif
