// SPDX-License-Identifier: BSD-2-Clause
/* What is asked of blocks over the control socket. */
#ifndef AFXDP_BLOCKS_CONTROL_H
#define AFXDP_BLOCKS_CONTROL_H

#include <jansson.h>

#include "blocks.h"

/* Carries out member `change`: list, add, del or flush. `*changed`: something was. -errno with
 * words. */
int blocks_control(struct blocks *blocks, const json_t *request, json_t **message, bool *changed,
                   struct error *error);

#endif
