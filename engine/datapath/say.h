// SPDX-License-Identifier: BSD-2-Clause
/* What a datapath has to say while it works, on its way to the embedder's callback. */
#ifndef AFXDP_SAY_H
#define AFXDP_SAY_H

#include "afxdp_engine.h"

/* One printable line, cut to fit. `to` without a callback says nothing. */
void say(const struct afxdp_callbacks *to, enum afxdp_message level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
