// SPDX-License-Identifier: BSD-2-Clause
/* The control socket: a thread of its own takes requests, the thread whom they concern carries them
 * out, one after the other, when it calls control_serve.
 *
 *     clients ─ connect, lines ─► control's thread ─ one request ─► control_serve ─► handler
 *             ◄───── answers ────                  ◄── answer ─────
 *
 * A stream socket of mode 0600 that only root and the engine's own user may use. Bounded: 16
 * connections, 64 KiB a request, 5 s from a request's first byte to its answer's last, 60 s without
 * a request. Whatever clients do, nobody but they wait. */
#ifndef AFXDP_CONTROL_H
#define AFXDP_CONTROL_H

#include <jansson.h>
#include <sys/types.h>

#include "error.h"

enum {
    CONTROL_CONNECTIONS = 16,
    CONTROL_COMMAND_MS = 5000,
    CONTROL_IDLE_MS = 60000,
};

struct control;

struct control_request {
    const char *command;
    const json_t *object; /* all of it */
    uid_t peer;
};

/* Carries a request out: 0, and *message what to answer (NULL: nothing more than that it is done),
 * which is taken over; or -errno with one line. */
typedef int control_handler(void *context, const struct control_request *request, json_t **message,
                            struct error *error);

/* Makes the socket at `path`, in place of what is there, and starts the thread. The path's folder
 * is one that nobody else can change. -errno of socket, bind, starting a thread. */
int control_open(struct control **out, const char *path, struct error *error);

/* Carries out what has been asked for, if anything. One thread. */
void control_serve(struct control *control, control_handler *handler, void *context);

/* Ends the thread and removes the socket. Takes NULL. */
void control_close(struct control *control);

#endif
