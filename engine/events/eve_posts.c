// SPDX-License-Identifier: BSD-2-Clause
#include "eve_posts.h"

#include <stdlib.h>
#include <string.h>

#include "eve_text.h"

void eve_posts_init(struct eve_posts *posts)
{
    pthread_mutex_init(&posts->lock, NULL);
}

void eve_posts_destroy(struct eve_posts *posts)
{
    for (uint32_t i = 0; i < posts->count; i++)
        free(posts->post[i]);
    for (uint32_t i = posts->taken_next; i < posts->taken_count; i++)
        free(posts->taken[i]);
    pthread_mutex_destroy(&posts->lock);
}

/* malloc's; NULL without memory. */
static char *line_of(uint64_t when, const char *type, json_t *content)
{
    char time[EVE_TIME_SIZE];

    eve_time(time, when);
    json_t *event =
        json_pack("{s:s, s:s, s:o*}", "timestamp", time, "event_type", type, type, content);
    char *text = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    size_t length = text ? strlen(text) : 0;
    char *line = text ? realloc(text, length + 2) : NULL;

    json_decref(event);
    if (line)
        memcpy(line + length, "\n", 2);
    else
        free(text);
    return line;
}

void eve_posts_add(struct eve_posts *posts, uint64_t time, const char *type, json_t *content)
{
    char *line = line_of(time, type, content);
    bool room = false;

    if (line) {
        pthread_mutex_lock(&posts->lock);
        room = posts->count < EVE_POSTS;
        if (room)
            posts->post[posts->count++] = line;
        pthread_mutex_unlock(&posts->lock);
    }
    if (room)
        return;
    free(line);
    __atomic_fetch_add(&posts->refused, 1, __ATOMIC_RELAXED);
}

void eve_posts_write(struct eve_posts *posts, struct eve_out *out)
{
    const struct eve_pending pending = {.kind = EVE_KINDS};

    pthread_mutex_lock(&posts->lock);
    posts->taken_count = posts->count;
    posts->taken_next = 0;
    memcpy(posts->taken, posts->post, posts->count * sizeof(posts->post[0]));
    posts->count = 0;
    pthread_mutex_unlock(&posts->lock);
    while (posts->taken_next < posts->taken_count) {
        char *post = posts->taken[posts->taken_next];

        eve_out_line(out, post, strlen(post), &pending);
        posts->taken_next++;
        free(post);
    }
}
