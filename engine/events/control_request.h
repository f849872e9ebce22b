// SPDX-License-Identifier: BSD-2-Clause
/* From a client's words to its request. */
#ifndef AFXDP_CONTROL_REQUEST_H
#define AFXDP_CONTROL_REQUEST_H

#include <jansson.h>

#include "error.h"

enum { CONTROL_WORDS_MAX = 4 };

/* The request that a command line means: a command and what is behind it. @FILE stands in it by its
 * whole path, for the engine reads the file and may stand in another folder. -EINVAL for too many
 * words, too few, or one that isn't what it should be; -errno where there is no such file. */
int control_request_new(json_t **out, const char *const *word, int words, struct error *error);

#endif
