// SPDX-License-Identifier: BSD-2-Clause
#include "wire.h"

#include <errno.h>
#include <string.h>

#include "say.h"

void wire_add(struct wire *wire, struct xdp_attachment *attachment)
{
    wire->end[wire->ends++] = attachment;
}

/* Frames that cross without the engine are sent to the port by programs. Some drivers can take them
 * only once a program of the port's own is there; a veth's answer depends on its peer alone. */
static int check_targets(const struct wire *wire, const struct afxdp_config *config, bool veths,
                         struct error *error)
{
    const struct interfaces *nics = wire->nics;
    int status = 0;

    if (!config_is_inline(config) || config->mode == MODE_SKB)
        return 0;
    for (uint32_t i = config_way(config) == WAY_BRIDGE ? 0 : 1; status == 0 && i < nics->ports;
         i++) {
        if (veths == (strcmp(nics->nic[i]->driver, "veth") == 0))
            status = interfaces_check_target(nics, i, error);
    }
    return status;
}

static void tell(const struct wire *wire, const struct xdp_attachment *a)
{
    if (a->replaced)
        say(wire->nics->say, AFXDP_INFO, "%s: took over from an engine that had ended",
            a->interface);
    if (a->notice[0])
        say(wire->nics->say, AFXDP_INFO, "%s: %s", a->interface, a->notice);
}

static void take_back(const struct wire *wire, uint32_t attached)
{
    struct error error;

    while (attached > 0) {
        if (xdp_revert(wire->end[--attached], &error) != 0)
            say(wire->nics->say, AFXDP_FAULT, "%s", error.text);
    }
}

int wire_attach(struct wire *wire, const struct afxdp_config *config, struct error *error)
{
    uint32_t attached = 0;
    int status = check_targets(wire, config, true, error);

    for (; status == 0 && attached < wire->ends; attached++) {
        status = xdp_attach(wire->end[attached], error);
        if (status != 0)
            break;
    }
    if (status == 0)
        status = check_targets(wire, config, false, error);
    if (status != 0) {
        take_back(wire, attached);
        return status;
    }
    for (uint32_t i = 0; i < wire->ends; i++) {
        xdp_commit(wire->end[i]);
        tell(wire, wire->end[i]);
    }
    return 0;
}
