// SPDX-License-Identifier: BSD-2-Clause
/* What a service manager is told: systemd's protocol, sd_notify(3), one datagram a message. Written
 * here, as its authors advise, because libsystemd would bring compression and cryptography into the
 * process for the sake of one sendto.
 *
 * Without NOTIFY_SOCKET in the environment nothing happens. One thread. */
#ifndef AFXDP_SERVICE_H
#define AFXDP_SERVICE_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "error.h"

struct service {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t length;       /* of the address */
    uint64_t beat_every_ms; /* 0: the manager waits for none */
    uint64_t next_beat_ms;
};

/* Reads NOTIFY_SOCKET, a path or, behind '@', an abstract name, and the watchdog's WATCHDOG_USEC
 * and WATCHDOG_PID. `service` can be used afterwards in either case. -EINVAL: what they hold is no
 * such thing; -errno of socket. */
int service_open(struct service *service, struct error *error);

/* Sends lines such as "READY=1". Waits a second at most; what can't be sent is lost, as the manager
 * has ended then, or will take the silence for what it is. */
void service_tell(const struct service *service, const char *lines);

/* RELOADING=1 with the time it needs; READY=1 ends it. */
void service_tell_reloading(const struct service *service);

/* To be called again and again while all is well: keeps the manager's watchdog quiet, with two
 * beats in each of its periods. */
void service_beat(struct service *service);

void service_close(struct service *service);

#endif
