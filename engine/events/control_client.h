// SPDX-License-Identifier: BSD-2-Clause
/* The other end of an engine's control socket. */
#ifndef AFXDP_CONTROL_CLIENT_H
#define AFXDP_CONTROL_CLIENT_H

#include <jansson.h>

#include "error.h"

struct control_client;

/* Connects to the engine that has `interface`; NULL: to the only one that runs in this network
 * namespace. -ENOENT where there is none, with one line. */
int control_client_open(struct control_client **out, const char *interface, struct error *error);

/* Sends a request and waits for its answer; as long as that is {"waiting": true}, asks again each
 * 50 ms, for 3 s. 0 and *message (the caller's), or -errno: -EREMOTEIO
 * where the engine says why it can't, -ETIMEDOUT. */
int control_client_ask(struct control_client *client, const json_t *request, json_t **message,
                       struct error *error);

void control_client_close(struct control_client *client); /* takes NULL */

#endif
