// SPDX-License-Identifier: BSD-2-Clause
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"

enum { SEND_SECONDS = 1 };

static int read_address(struct service *service, const char *name, struct error *error)
{
    size_t length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof(service->address.sun_path))
        return error_set(error, -EINVAL,
                         "NOTIFY_SOCKET '%.120s': neither a path nor @ and a name, of at most %zu "
                         "bytes",
                         name, sizeof(service->address.sun_path) - 1);
    service->address.sun_family = AF_UNIX;
    memcpy(service->address.sun_path, name, length);
    if (name[0] == '@')
        service->address.sun_path[0] = '\0';
    service->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return 0;
}

/* WATCHDOG_PID names another process where a parent was meant. */
static int read_watchdog(struct service *service, struct error *error)
{
    const char *period = getenv("WATCHDOG_USEC");
    const char *process = getenv("WATCHDOG_PID");
    char *end;

    if (!period || (process && strtoumax(process, NULL, 10) != (uintmax_t)getpid()))
        return 0;
    errno = 0;
    uintmax_t us = strtoumax(period, &end, 10);
    if (errno != 0 || end == period || *end || period[0] == '-' || us < 2000)
        return error_set(error, -EINVAL, "WATCHDOG_USEC '%.40s': not a time of 2,000 µs or more",
                         period);
    service->beat_every_ms = us / 2000;
    return 0;
}

int service_open(struct service *service, struct error *error)
{
    const struct timeval patience = {.tv_sec = SEND_SECONDS};
    const char *name = getenv("NOTIFY_SOCKET");

    *service = (struct service){.fd = -1};
    if (!name || !name[0])
        return 0;
    int status = read_address(service, name, error);
    if (status == 0)
        status = read_watchdog(service, error);
    if (status != 0)
        return status;
    service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (service->fd < 0)
        return error_set(error, -errno, "no socket to tell the service manager on: %s",
                         strerror(errno));
    (void)setsockopt(service->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return 0;
}

void service_tell(const struct service *service, const char *lines)
{
    if (service->fd >= 0)
        (void)sendto(service->fd, lines, strlen(lines), MSG_NOSIGNAL,
                     (const struct sockaddr *)&service->address, service->length);
}

void service_tell_reloading(const struct service *service)
{
    char lines[64];

    snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_ns() / 1000);
    service_tell(service, lines);
}

void service_beat(struct service *service)
{
    if (service->fd < 0 || service->beat_every_ms == 0)
        return;
    uint64_t now = monotonic_ns() / 1000 / 1000;
    if (now < service->next_beat_ms)
        return;
    service->next_beat_ms = now + service->beat_every_ms;
    service_tell(service, "WATCHDOG=1");
}

void service_close(struct service *service)
{
    if (service->fd >= 0)
        close(service->fd);
    service->fd = -1;
}
