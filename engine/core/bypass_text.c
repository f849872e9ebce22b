// SPDX-License-Identifier: BSD-2-Clause
#include "bypass_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bypass_parse(struct bypass_service *service, const char *text, struct error *error)
{
    static const struct {
        const char *name;
        uint8_t number;
        bool ports;
    } known[] = {
        {"tcp", PROTOCOL_TCP, true},
        {"udp", PROTOCOL_UDP, true},
        {"sctp", PROTOCOL_SCTP, true},
        {"dccp", PROTOCOL_DCCP, true},
        {"icmp", 1, false},
        {"icmp6", 58, false},
        {"esp", 50, false},
        {"udplite", PROTOCOL_UDP_LITE, true},
    };
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    unsigned long port = 0;
    char *end = NULL;

    *service = (struct bypass_service){0};
    if (slash) {
        port = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || port == 0 || port > 65535)
            return error_set(error, -EINVAL, "--bypass %s: the port should be 1 to 65535", text);
    }
    service->port = (uint16_t)port;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) != length || strncmp(known[i].name, text, length) != 0)
            continue;
        if (slash && !known[i].ports)
            break;
        service->protocol = known[i].number;
        return 0;
    }
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == 0 && number < 256) {
        service->protocol = (uint8_t)number;
        return 0;
    }
    return error_set(
        error, -EINVAL,
        "--bypass %s: should be tcp/PORT, udp/PORT, sctp/PORT, dccp/PORT, icmp, icmp6, "
        "esp or a protocol's number",
        text);
}
