// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_LABEL_NAME_H
#define AFXDP_LABEL_NAME_H

#include <stdbool.h>

enum { LABEL_NAME_MAX = 128 };

/* The name a class can have that is nearest to the text, which is UTF-8 or, where it isn't,
 * Windows' code page 1252: dashes and quotation marks as ASCII has them, any other letter beyond it
 * as `?`. Returns whether it is the text itself. Too long a text is cut, at a length that no class
 * may have.
 */
bool label_name(const char *text, char name[LABEL_NAME_MAX]);

#endif
