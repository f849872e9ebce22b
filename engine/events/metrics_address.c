// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "metrics_server.h"
#include "option.h"

/* The host's part, without the brackets of IPv6's. */
static bool parse_host(struct metrics_address *address, const char *host, size_t length,
                       uint16_t port)
{
    char text[INET6_ADDRSTRLEN] = "127.0.0.1";
    bool v6 = length >= 2 && host[0] == '[' && host[length - 1] == ']';

    if (v6) {
        host++;
        length -= 2;
    }
    if (length >= sizeof(text))
        return false;
    if (length > 0) {
        memcpy(text, host, length);
        text[length] = '\0';
    }
    *address = (struct metrics_address){.size = 0};
    if (v6) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        address->size = sizeof(address->v6);
        return length > 0 && inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1;
    }
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    address->size = sizeof(address->v4);
    return inet_pton(AF_INET, text, &address->v4.sin_addr) == 1;
}

int metrics_address_parse(struct metrics_address *address, const char *text, struct error *error)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    int status =
        option_number(colon ? colon + 1 : text, "--metrics: a port", 0, UINT16_MAX, &port, error);

    if (status == 0 &&
        !parse_host(address, text, colon ? (size_t)(colon - text) : 0, (uint16_t)port))
        status = error_set(error, -EINVAL,
                           "--metrics %.80s: not PORT, ADDRESS:PORT or [ADDRESS]:PORT, with an "
                           "address in numbers",
                           text);
    return status;
}

void metrics_address_text(const struct metrics_address *address, char text[METRICS_ADDRESS_TEXT])
{
    bool v6 = address->any.sa_family == AF_INET6;
    char host[INET6_ADDRSTRLEN] = "";

    inet_ntop(address->any.sa_family,
              v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr, host,
              sizeof(host));
    snprintf(text, METRICS_ADDRESS_TEXT, v6 ? "[%s]:%u" : "%s:%u", host,
             ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port));
}
