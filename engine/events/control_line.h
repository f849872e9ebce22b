// SPDX-License-Identifier: BSD-2-Clause
/* The lines of the control socket: one JSON object each way.
 *
 *     {"command":"set-action", "action":"flood=drop"}  ─►
 *                                  ◄─  {"return":"OK","message":…}  or
 * {"return":"NOK","message":"…"}
 *
 * Any bytes may come in: a line is checked as a whole before anything is done with it. */
#ifndef AFXDP_CONTROL_LINE_H
#define AFXDP_CONTROL_LINE_H

#include <jansson.h>
#include <stddef.h>

#include "error.h"

enum { CONTROL_LINE_MAX = 64 << 10 }; /* bytes of a request, its end included */

/* The object of a request, which has a text `command`; the caller's. `length`: without the line's
 * end. -EINVAL with one line, -ENOMEM. */
int control_line_parse(json_t **out, const char *line, size_t length, struct error *error);

/* The answer, with its end; free() it. `message` is taken over, and may be NULL. NULL without
 * memory. */
char *control_line_ok(json_t *message);
char *control_line_failed(const char *why);

#endif
