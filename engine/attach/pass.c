// SPDX-License-Identifier: BSD-2-Clause
#include "pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "pass.skel.h"

struct pass {
    struct pass_bpf *skeleton;
    struct xdp_attachment *attachment;
};

static void pass_free(struct pass *pass)
{
    pass_bpf__destroy(pass->skeleton);
    free(pass);
}

int pass_open(struct pass **out, const char *interface, struct xdp_claim *claim, bool skb,
              bool stay, struct error *error)
{
    struct pass *pass = calloc(1, sizeof(*pass));
    int status = 0;

    if (!pass)
        return error_set(error, -ENOMEM, "out of memory");
    xdp_messages_begin();
    pass->skeleton = pass_bpf__open();
    if (!pass->skeleton)
        status = xdp_open_failed("the passing program", error);
    if (status == 0) {
        const struct xdp_request request = {
            .interface = interface,
            .claim = claim,
            .object = pass->skeleton->obj,
            .program = "afxdp_pass",
            .skb = skb,
            .stay = stay,
            .frags = true,
        };
        status = xdp_prepare(&pass->attachment, &request, error);
    }
    if (status != 0) {
        pass_close(pass);
        return status;
    }
    *out = pass;
    return 0;
}

struct xdp_attachment *pass_attachment(const struct pass *pass)
{
    return pass->attachment;
}

void pass_close(struct pass *pass)
{
    if (!pass)
        return;
    xdp_detach(pass->attachment);
    pass_free(pass);
}

void pass_leave(struct pass *pass)
{
    if (!pass)
        return;
    xdp_leave(pass->attachment);
    pass_free(pass);
}
