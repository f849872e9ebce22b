// SPDX-License-Identifier: BSD-2-Clause
/* --metrics: a thread of its own that speaks HTTP with scrapers. What they ask for is written by
 * the thread that calls metrics_server_serve; whatever scrapers do, nobody but they wait.
 *
 *     scrapers ─ GET /metrics ─► server's thread ─ wanted ─► metrics_server_serve ─► write
 *              ◄──── text ──────                 ◄── text ──
 *
 * Bounded: 32 connections, 5 s each from its beginning to its last byte, 3 s for a text. One
 * beyond the 32 is closed at once, and counted. */
#ifndef AFXDP_METRICS_SERVER_H
#define AFXDP_METRICS_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

enum {
    METRICS_CONNECTIONS = 32,
    METRICS_CONNECTION_MS = 5000,
    METRICS_TEXT_MS = 3000,
};

/* Where it listens. */
struct metrics_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size; /* 0: nowhere */
};

enum { METRICS_ADDRESS_TEXT = 64 };

/* "PORT" or ":PORT" (loopback's), "192.0.2.1:PORT", "[2001:db8::1]:PORT"; port 0 is any free one.
 * -EINVAL with a line that begins with --metrics. */
int metrics_address_parse(struct metrics_address *address, const char *text, struct error *error);
void metrics_address_text(const struct metrics_address *address, char text[METRICS_ADDRESS_TEXT]);

struct metrics_server;

/* Counted by the server's thread, readable from any. */
struct metrics_counters {
    uint64_t answered;   /* with metrics */
    uint64_t late;       /* with an error, for nobody wrote them in time */
    uint64_t wrong;      /* requests for anything else */
    uint64_t refused;    /* connections that were too many */
    uint64_t unanswered; /* connections that ended, or were ended, without an answer */
};

/* Listens, and starts the thread. -errno of socket, bind, starting a thread, with one line. */
int metrics_server_open(struct metrics_server **out, const struct metrics_address *address,
                        struct error *error);

/* Where it really listens. */
const struct metrics_address *metrics_server_address(const struct metrics_server *server);

void metrics_server_read(const struct metrics_server *server, struct metrics_counters *counters);

/* Has `write` write the metrics, if they are asked for. One thread. */
void metrics_server_serve(struct metrics_server *server, void (*write)(void *context, FILE *to),
                          void *context);

/* Ends the thread and all connections. Takes NULL. */
void metrics_server_close(struct metrics_server *server);

#endif
