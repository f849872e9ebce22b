// SPDX-License-Identifier: BSD-2-Clause
/* What stands in a client's requests beside the command. */
#ifndef AFXDP_CONTROL_REQUEST_H
#define AFXDP_CONTROL_REQUEST_H

#include <jansson.h>

#include "error.h"

/* -EINVAL where a command on a command line has too many words behind it, or too few; `words`
 * counts it. */
int control_request_check(const char *command, int words, struct error *error);

/* Member `prefixes` of allow and deny: the text, or @FILE by its whole path, for the engine reads
 * the file and may stand in another folder. -errno with words where there is no such file, -EINVAL
 * for what isn't UTF-8. */
int control_request_prefixes(json_t *request, const char *text, struct error *error);

#endif
