// SPDX-License-Identifier: BSD-2-Clause
#include "flow_name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes a part up to a letter, or to the end where that is '\0'. */
static bool take(char *to, size_t size, const char **text, char end)
{
    const char *at = end ? strchr(*text, end) : *text + strlen(*text);

    if (!at || at == *text || (size_t)(at - *text) >= size)
        return false;
    memcpy(to, *text, (size_t)(at - *text));
    to[at - *text] = '\0';
    *text = end ? at + 1 : at;
    return true;
}

/* The address in its shortest form. */
static bool normalise(char address[FLOW_TEXT_ADDRESS])
{
    uint64_t bytes[2];
    uint32_t version = strchr(address, ':') ? 6 : 4;

    if (inet_pton(version == 4 ? AF_INET : AF_INET6, address, bytes) != 1)
        return false;
    flow_text_address(address, bytes, version);
    return true;
}

static bool take_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    *port = (uint16_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT16_MAX;
}

/* "10.0.0.1:22", "[::1]:22", and without a port. */
static bool take_end(struct flow_name *name, int which, char *text)
{
    char *address = text, *port = NULL;

    if (text[0] == '[') {
        char *close = strchr(text, ']');

        if (!close || (close[1] && close[1] != ':'))
            return false;
        address++;
        port = close[1] ? close + 2 : NULL;
        *close = '\0';
    } else if (strchr(text, ':') == strrchr(text, ':')) {
        port = strchr(text, ':');
        if (port)
            *port++ = '\0';
    }
    if (strlen(address) >= FLOW_TEXT_ADDRESS)
        return false;
    memcpy(name->address[which], address, strlen(address) + 1);
    return normalise(name->address[which]) && (!port || take_port(port, &name->port[which]));
}

int flow_name_parse(struct flow_name *name, const char *text, struct error *error)
{
    char ends[2][FLOW_TEXT_ADDRESS + 8]; /* with brackets and a port */
    const char *at = text;

    *name = (struct flow_name){.port = {0}};
    if (take(name->protocol, sizeof(name->protocol), &at, '/') &&
        take(ends[0], sizeof(ends[0]), &at, '-') && take(ends[1], sizeof(ends[1]), &at, '\0') &&
        take_end(name, 0, ends[0]) && take_end(name, 1, ends[1]))
        return 0;
    return error_set(error, -EINVAL,
                     "flow '%.120s': should be PROTOCOL/ADDRESS:PORT-ADDRESS:PORT, as in "
                     "tcp/10.0.0.1:51234-10.0.0.2:22 or icmp/10.0.0.1-10.0.0.2",
                     text);
}

static bool is_protocol(const char *name, const struct flow_text *text, uint8_t protocol)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    return strcasecmp(name, text->protocol) == 0 || (*end == '\0' && number == protocol);
}

bool flow_name_is_of(const struct flow_name *name, const struct flow_key *key)
{
    uint16_t low = flow_key_low_port(key), high = flow_key_high_port(key);
    struct flow_text text;

    /* The table may have a million: most end here. */
    if ((low != name->port[0] || high != name->port[1]) &&
        (low != name->port[1] || high != name->port[0]))
        return false;
    flow_text_of(&text, key, true);
    for (int first = 0; first < 2; first++)
        if (low == name->port[first] && high == name->port[!first] &&
            strcmp(text.source, name->address[first]) == 0 &&
            strcmp(text.destination, name->address[!first]) == 0)
            return is_protocol(name->protocol, &text, flow_key_protocol(key));
    return false;
}
