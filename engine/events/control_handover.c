// SPDX-License-Identifier: BSD-2-Clause
#include "control_handover.h"

#include <stdlib.h>

void control_handover_init(struct control_handover *h)
{
    *h = (struct control_handover){.state = HANDOVER_FREE};
    pthread_mutex_init(&h->lock, NULL);
}

void control_handover_end(struct control_handover *h)
{
    json_decref(h->request);
    free(h->answer);
    pthread_mutex_destroy(&h->lock);
}

bool control_handover_is_free(struct control_handover *h)
{
    pthread_mutex_lock(&h->lock);
    bool is_free = h->state == HANDOVER_FREE;
    pthread_mutex_unlock(&h->lock);
    return is_free;
}

bool control_handover_is_of(struct control_handover *h, int place)
{
    pthread_mutex_lock(&h->lock);
    bool is_of = h->state != HANDOVER_FREE && h->place == place;
    pthread_mutex_unlock(&h->lock);
    return is_of;
}

void control_handover_offer(struct control_handover *h, int place, uid_t peer, json_t *request)
{
    pthread_mutex_lock(&h->lock);
    h->state = HANDOVER_ASKED;
    h->place = place;
    h->peer = peer;
    h->request = request;
    pthread_mutex_unlock(&h->lock);
}

void control_handover_forget(struct control_handover *h, int place)
{
    pthread_mutex_lock(&h->lock);
    if (h->state != HANDOVER_FREE && h->place == place)
        h->place = -1;
    pthread_mutex_unlock(&h->lock);
}

bool control_handover_take_back(struct control_handover *h, int place)
{
    json_t *request = NULL;

    pthread_mutex_lock(&h->lock);
    bool waits = h->state == HANDOVER_ASKED && h->place == place;
    if (waits) {
        request = h->request;
        h->request = NULL;
        h->state = HANDOVER_FREE;
    } else if (h->place == place) {
        h->place = -1;
    }
    pthread_mutex_unlock(&h->lock);
    json_decref(request);
    return waits;
}

bool control_handover_collect(struct control_handover *h, int *place, char **line)
{
    pthread_mutex_lock(&h->lock);
    bool answered = h->state == HANDOVER_ANSWERED;
    if (answered) {
        *place = h->place;
        *line = h->answer;
        h->answer = NULL;
        h->state = HANDOVER_FREE;
    }
    pthread_mutex_unlock(&h->lock);
    return answered;
}

json_t *control_handover_take(struct control_handover *h, uid_t *peer)
{
    json_t *request = NULL;

    pthread_mutex_lock(&h->lock);
    if (h->state == HANDOVER_ASKED) {
        request = h->request;
        *peer = h->peer;
        h->request = NULL;
        h->state = HANDOVER_RUNNING;
    }
    pthread_mutex_unlock(&h->lock);
    return request;
}

void control_handover_answer(struct control_handover *h, char *line)
{
    pthread_mutex_lock(&h->lock);
    h->answer = line;
    h->state = HANDOVER_ANSWERED;
    pthread_mutex_unlock(&h->lock);
}
