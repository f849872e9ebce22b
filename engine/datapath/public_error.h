// SPDX-License-Identifier: BSD-2-Clause
/* From the engine's own struct error to that of the public header. */
#ifndef AFXDP_PUBLIC_ERROR_H
#define AFXDP_PUBLIC_ERROR_H

#include <string.h>

#include "afxdp_engine.h"
#include "error.h"

_Static_assert(sizeof(struct afxdp_error) == sizeof(struct error),
               "one line, however it is called");

/* Hands the line on where there was a failure; returns `status`. `error` may be NULL. */
static inline int public_error(struct afxdp_error *error, int status, const struct error *said)
{
    if (status < 0 && error)
        memcpy(error->text, said->text, sizeof(error->text));
    return status;
}

#endif
