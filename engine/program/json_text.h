// SPDX-License-Identifier: BSD-2-Clause
/* JSON for people: `name value` a line, a list of objects as a table. */
#ifndef AFXDP_JSON_TEXT_H
#define AFXDP_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void json_text_print(FILE *file, const json_t *value);

/* An answer: as one line of JSON, or for people, who aren't shown its member "row", the numbers
 * behind what it says. */
void json_text_print_answer(FILE *file, json_t *answer, bool as_json);

#endif
