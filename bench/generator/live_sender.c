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

enum {
    LENGTH_MOST = 3000,   /* a live frame fits a page with its headroom */
    RUNS_MOST = 1 << 20,  /* of the program by one call, which takes tens of ms to begin and end */
    WAIT_LEAST_NS = 20000 /* that a run waits at least for a frame that isn't due */
};

struct live_sender {
    struct generate_bpf *skeleton;
    uint64_t count;
    uint64_t rate;
    uint32_t length;
    bool stamps;
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
                     const struct synthetic_options *options, uint64_t rate, struct error *error)
{
    struct live_sender *s;
    int status;

    if (options->length > LENGTH_MOST)
        return error_set(error, -EINVAL, "live frames have at most %d bytes", LENGTH_MOST);
    s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(error, -ENOMEM, "out of memory");
    s->count = options->count;
    s->rate = rate;
    s->length = options->length;
    s->stamps = options->stamps;
    synthetic_write(options, 0, s->frame);
    libbpf_set_print(NULL);
    s->skeleton = generate_bpf__open();
    status = s->skeleton ? 0 : -errno;
    if (status == 0) {
        s->skeleton->rodata->interface = if_nametoindex(interface);
        struct synthetic_mix mix = synthetic_mix(options);
        memcpy((void *)(uintptr_t)&s->skeleton->rodata->mix, &mix, sizeof(mix));
        synthetic_zipf(&mix, (uint32_t *)(uintptr_t)s->skeleton->rodata->zipf);
        s->skeleton->rodata->stamps = options->stamps;
        s->skeleton->rodata->rate = rate;
        s->skeleton->rodata->most = options->count;
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

/* Runs that the frames left need, those that only wait included. */
static uint32_t runs_needed(const struct live_sender *s)
{
    uint64_t left = s->count - live_sender_sent(s);
    uint64_t each = s->rate ? 1 + 1000000000 / s->rate / WAIT_LEAST_NS : 1;

    return left < RUNS_MOST / each ? (uint32_t)(left * each) : RUNS_MOST;
}

/* What is run without a break: at a slow rate one frame, for a wait holds the whole batch up, and
 * one with stamps, which would else be earlier than the batch leaves. */
static uint32_t batch_size(const struct live_sender *s, uint32_t runs)
{
    uint64_t batch = s->rate ? 1 + s->rate / 1000 : BURST_MAX;

    if (s->stamps)
        batch = 1;
    if (batch > BURST_MAX)
        batch = BURST_MAX;
    return runs < batch ? runs : (uint32_t)batch;
}

int live_sender_send(struct live_sender *s)
{
    uint32_t runs = runs_needed(s);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = s->frame, .data_size_in = s->length,
                .repeat = (int)runs, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = batch_size(s, runs));

    return bpf_prog_test_run_opts(bpf_program__fd(s->skeleton->progs.afxdp_generate), &options) == 0
               ? 0
               : -errno;
}

uint64_t live_sender_sent(const struct live_sender *s)
{
    return s->skeleton->bss->sent;
}

uint64_t live_sender_took(const struct live_sender *s)
{
    return s->rate ? s->skeleton->bss->last - s->skeleton->bss->begin + 1000000000 / s->rate : 0;
}

void live_sender_close(struct live_sender *s)
{
    if (!s)
        return;
    generate_bpf__destroy(s->skeleton);
    free(s);
}
