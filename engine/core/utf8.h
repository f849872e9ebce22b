// SPDX-License-Identifier: BSD-2-Clause
/* Names of files and interfaces are bytes; what JSON holds is UTF-8. */
#ifndef AFXDP_UTF8_H
#define AFXDP_UTF8_H

/* The text, with each byte that is part of no letter in UTF-8 written as \xNN. free() it; NULL
 * without memory. */
char *utf8_from_bytes(const char *bytes);

#endif
