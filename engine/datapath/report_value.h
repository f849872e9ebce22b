// SPDX-License-Identifier: BSD-2-Clause
/* Putting a report's JSON together. What can't be put in, for want of memory, is remembered for the
 * thread: a report that lacks something is no report, and no caller in between need ask. */
#ifndef AFXDP_REPORT_VALUE_H
#define AFXDP_REPORT_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The name of a file or an interface, whatever bytes it has, as text (utf8.h). NULL without memory.
 */
json_t *report_text(const char *bytes);

/* Take the value over, and take NULL, which json_*() give without memory. */
void report_put(json_t *object, const char *name, json_t *value);
void report_append(json_t *array, json_t *value);
void report_number(json_t *object, const char *name, uint64_t value);

/* Whether something was left out since this was last asked; by any thread, of its own. */
bool report_lacks(void);

#endif
