// SPDX-License-Identifier: BSD-2-Clause
/* Events that aren't a flow's, on their way from any thread to the writer: at most EVE_POSTS. */
#ifndef AFXDP_EVE_POSTS_H
#define AFXDP_EVE_POSTS_H

#include <jansson.h>
#include <pthread.h>

#include "eve_out.h"

enum { EVE_POSTS = 2048 /* four times what one look at blocks gives (events.c) */ };

struct eve_posts {
    pthread_mutex_t lock;
    char *post[EVE_POSTS]; /* lines */
    uint32_t count;
    uint64_t refused;       /* for want of room; atomic */
    char *taken[EVE_POSTS]; /* the writer's: on their way into the buffer */
    uint32_t taken_count, taken_next;
};

void eve_posts_init(struct eve_posts *posts);
void eve_posts_destroy(struct eve_posts *posts);

/* Takes `content` over, which stands under the type's name. Any thread. */
void eve_posts_add(struct eve_posts *posts, uint64_t time, const char *type, json_t *content);

/* The writer's thread: all that are there. */
void eve_posts_write(struct eve_posts *posts, struct eve_out *out);

#endif
