// SPDX-License-Identifier: BSD-2-Clause
#include "live_sender.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "generate.skel.h"
#include "synthetic_layout.h"

enum { LENGTH_MOST = 3000 }; /* a live frame fits a page with its headroom */

struct live_sender {
    struct generate_bpf *skeleton;
    uint32_t length;
    uint8_t frame[LENGTH_MOST];
};

/* The checksum's sum over the part of the header that all frames share, from a finished frame. */
static uint32_t shared_sum(const uint8_t *frame)
{
    uint32_t sum = 0;

    for (int i = 14; i < SYNTHETIC_CHECKSUM; i += 2)
        sum += (uint32_t)frame[i] << 8 | frame[i + 1];
    return sum;
}

int live_sender_open(struct live_sender **out, const char *interface,
                     const struct synthetic_options *options, struct error *error)
{
    struct live_sender *s;
    int status;

    if (options->length > LENGTH_MOST)
        return error_set(error, -EINVAL, "live frames have at most %d bytes", LENGTH_MOST);
    s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(error, -ENOMEM, "out of memory");
    s->length = options->length;
    synthetic_write(options, 0, s->frame);
    libbpf_set_print(NULL);
    s->skeleton = generate_bpf__open();
    status = s->skeleton ? 0 : -errno;
    if (status == 0) {
        s->skeleton->rodata->interface = if_nametoindex(interface);
        s->skeleton->rodata->flows = options->flows;
        s->skeleton->rodata->both_ways = options->both_ways;
        s->skeleton->rodata->header_sum = shared_sum(s->frame);
        status = generate_bpf__load(s->skeleton);
    }
    if (status != 0) {
        live_sender_close(s);
        return error_set(error, status, "cannot load the generator's program: %s",
                         strerror(-status));
    }
    *out = s;
    return 0;
}

int live_sender_send(struct live_sender *s, uint32_t count)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = s->frame, .data_size_in = s->length,
                .repeat = (int)count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = count < BURST_MAX ? count : BURST_MAX);

    return bpf_prog_test_run_opts(bpf_program__fd(s->skeleton->progs.afxdp_generate), &options) == 0
               ? 0
               : -errno;
}

void live_sender_close(struct live_sender *s)
{
    if (!s)
        return;
    generate_bpf__destroy(s->skeleton);
    free(s);
}
