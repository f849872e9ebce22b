// SPDX-License-Identifier: BSD-2-Clause
/* Features for people: what each is, and its value with the unit that it has for them. */
#ifndef AFXDP_FEATURE_TEXT_H
#define AFXDP_FEATURE_TEXT_H

#include <stdint.h>

enum { FEATURE_TEXT = 48 };

/* "dport". */
const char *feature_name(uint32_t feature);

/* "port of its responder"; at most 60 letters. */
const char *feature_meaning(uint32_t feature);

/* "61.25 bytes", "18 (SYN ACK)", "about 14 hosts". */
void feature_text(char text[FEATURE_TEXT], uint32_t feature, uint32_t value);

/* The largest value that a packet can have. */
uint32_t feature_most(uint32_t feature);

#endif
