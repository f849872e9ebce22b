// SPDX-License-Identifier: BSD-2-Clause
/* One request on its way from the control socket's thread to the one that carries it out, and its
 * answer on the way back.
 *
 *     free ─ offer ─► asked ─ take ─► running ─ answer ─► answered ─ collect ─► free
 *                       └── take_back ─► free
 *
 * `place` is the asker's, -1 once nobody waits any more. */
#ifndef AFXDP_CONTROL_HANDOVER_H
#define AFXDP_CONTROL_HANDOVER_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

struct control_handover {
    pthread_mutex_t lock;
    enum { HANDOVER_FREE, HANDOVER_ASKED, HANDOVER_RUNNING, HANDOVER_ANSWERED } state;
    int place;
    uid_t peer;
    json_t *request;
    char *answer; /* NULL: there was no memory for it */
};

void control_handover_init(struct control_handover *handover);
void control_handover_end(struct control_handover *handover);

/* The socket's thread. */
bool control_handover_is_free(struct control_handover *handover);
bool control_handover_is_of(struct control_handover *handover, int place);
void control_handover_offer(struct control_handover *handover, int place, uid_t peer,
                            json_t *request); /* takes the request over; it must be free */
void control_handover_forget(struct control_handover *handover, int place); /* nobody waits */
/* As forget; true where nobody had begun, and nobody will. */
bool control_handover_take_back(struct control_handover *handover, int place);
/* Whether there was an answer; *line is the caller's then. */
bool control_handover_collect(struct control_handover *handover, int *place, char **line);

/* The thread that carries out. NULL: nothing is asked for. The request is the caller's. */
json_t *control_handover_take(struct control_handover *handover, uid_t *peer);
void control_handover_answer(struct control_handover *handover, char *line); /* takes it over */

#endif
