// SPDX-License-Identifier: BSD-2-Clause
#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"

enum { BAR = 30, FIRST_MS = 500, EVERY_MS = 200 };

static bool shown;
static bool left;

/* Whether it is time to draw again. */
static bool is_due(void)
{
    static uint64_t next;
    static int terminal = -1;

    if (terminal < 0)
        terminal = isatty(STDERR_FILENO);
    if (!terminal || left)
        return false;
    uint64_t now = monotonic_ms();
    if (next == 0)
        next = now + FIRST_MS;
    if (now < next)
        return false;
    next = now + EVERY_MS;
    return true;
}

static void draw(uint64_t done, uint64_t all, const char *what, uint64_t count)
{
    char bar[BAR + 1];
    double share = all ? (double)done / (double)all : 0;

    if (share > 1)
        share = 1;
    for (int i = 0; i < BAR; i++)
        bar[i] = i < (int)(share * BAR) ? '#' : '.';
    bar[BAR] = '\0';
    if (all)
        fprintf(stderr, "\r[%s] %3.0f %%  %" PRIu64 " %s\033[K", bar, 100 * share, count, what);
    else
        fprintf(stderr, "\r%" PRIu64 " %s\033[K", count, what);
    shown = true;
}

void progress_bytes(uint64_t done, uint64_t size, uint64_t packets)
{
    if (is_due())
        draw(done, size, "packets", packets);
}

void progress_items(uint64_t done, uint64_t count)
{
    if (is_due())
        draw(done, count, "captures done", done);
}

void progress_clear(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

void progress_leave(void)
{
    left = true;
    shown = false;
}
