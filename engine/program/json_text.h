// SPDX-License-Identifier: BSD-2-Clause
/* JSON for people: `name value` a line, a list of objects as a table. */
#ifndef AFXDP_JSON_TEXT_H
#define AFXDP_JSON_TEXT_H

#include <jansson.h>
#include <stdio.h>

void json_text_print(FILE *file, const json_t *value);

#endif
