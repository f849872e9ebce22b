// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-generate: a bounded number of frames into an interface, for tests and benchmarks. */
#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "live_sender.h"
#include "monotonic.h"
#include "nic.h"
#include "program.h"
#include "raw_sender.h"
#include "synthetic.h"

#define RATE_SHARE 0.97 /* of the rate asked: less isn't it */

struct generate_options {
    const char *interface;
    const char *pcap;
    const char *record;
    bool live;
    bool trailers;
    bool own_times;
    uint64_t rate; /* frames a second, 0: as fast as it goes */
    uint32_t longest;
    int cpu;
    struct synthetic_options synthetic;
};

/* What a run has done. */
struct run {
    const struct generate_options *options;
    struct port *source;
    struct raw_sender *raw;
    struct live_sender *live;
    pcap_dumper_t *record;
    uint64_t start; /* ns */
    uint64_t took;  /* ns */
    uint64_t sent;
    uint64_t left_out;
    uint64_t first_time; /* ns, of the capture's first frame; 0 before it */
};

static const char *const orders[] = {"turn", "uniform", "zipf", NULL}; /* enum synthetic_order */

static int parse_interface(void *target, const char *value, struct error *error)
{
    if (if_nametoindex(value) == 0)
        return error_set(error, -ENODEV, "%s: no such interface", value);
    ((struct generate_options *)target)->interface = value;
    return 0;
}

#define FLAG(text, member) OPTION_ROW_FLAG(text, struct generate_options, member)
#define NUMBER(text, what, from, to, member)                                                       \
    OPTION_ROW_NUMBER(text, what, from, to, struct generate_options, member)

static const struct option_spec specs[] = {
    {.group = "What",
     OPTION_ROW_OTHER("iface", "IF", parse_interface),
     .letter = 'i',
     .help = "where the frames go"},
    {OPTION_ROW_INPUT("pcap", struct generate_options, pcap), .letter = 'r',
     .conflicts = "count,flows,length,both-ways,order,syn-flood,stamps,live",
     .help = "the frames of a capture, in order and without its pauses;\n"
             "cut ones and other links than Ethernet are left out"},
    {NUMBER("longest", "BYTES", 14, 65535, longest), .initial = "1514", .needs = "pcap",
     .help = "leave longer frames of the capture out"},
    {FLAG("own-times", own_times), .conflicts = "rate", .needs = "pcap",
     .help = "with its pauses: each when it came"},
    {OPTION_ROW_OUTPUT("record", struct generate_options, record), .needs = "pcap",
     .help = "write what is sent of the capture to another one"},
    {FLAG("trailer-time", trailers), .conflicts = "live",
     .help = "append each frame's time to it, 8 bytes"},
    {NUMBER("count", "N", 1, UINT64_MAX, synthetic.count), .letter = 'n', .initial = "1000000",
     .help = "without a capture: so many made-up UDP frames"},
    {NUMBER("flows", "N", 1, SYNTHETIC_FLOWS_MOST, synthetic.flows), .initial = "1024",
     .help = "in so many flows"},
    {OPTION_ROW_CHOICE("order", "ORDER", orders, struct generate_options, synthetic.order),
     .initial = "turn",
     .help = "in turn; uniform: drawn, all alike; zipf: drawn, the\n"
             "r-th as often as 1/r"},
    {NUMBER("length", "BYTES", SYNTHETIC_LENGTH_LEAST, SYNTHETIC_LENGTH_MOST, synthetic.length),
     .initial = "60", .help = "of so many bytes"},
    {FLAG("both-ways", synthetic.both_ways),
     .help = "every second round through the flows back to front"},
    {NUMBER("syn-flood", "PERCENT", 0, 100, synthetic.syn_flood), .initial = "0",
     .help = "so many of them a flood instead: TCP SYNs to port 80, each\n"
             "from another address"},
    {FLAG("stamps", synthetic.stamps), .conflicts = "syn-flood",
     .help = "each with the time it was sent at in it"},
    {.group = "How",
     FLAG("live", live),
     .help = "from within the kernel: BPF live frames, up to 4 Mpps, all\n"
             "to the queue of this CPU; made-up frames only"},
    {NUMBER("rate", "PPS", 1, 1000000000, rate), .help = "frames a second (as fast as it goes)"},
    {NUMBER("cpu", "N", 0, CPU_SETSIZE - 1, cpu), .help = "run on this core"},
    {0},
};

static const struct program generate_program = {
    .name = "afxdp-generate",
    .purpose = "send a bounded number of frames",
    .usage = "afxdp-generate --iface IF [--count N | --pcap FILE] [options]",
    .summary =
        "Sends a bounded number of frames and prints one JSON object: sent, left_out, "
        "seconds, rate\n(frames a second, as reached), and what the interface itself counted "
        "(tx_packets,\ntx_dropped).",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {specs},
};

static void sleep_until(uint64_t time)
{
    struct timespec when = {.tv_sec = (time_t)(time / 1000000000u),
                            .tv_nsec = (long)(time % 1000000000u)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

/* Sleeps until frame number `sent` is due. */
static void pace(const struct run *run)
{
    if (run->options->rate > 0)
        sleep_until(run->start + run->sent * 1000000000u / run->options->rate);
}

/* How many to send at once: a millisecond's worth, so that a slow rate is even. */
static uint32_t burst_size(const struct generate_options *options)
{
    uint64_t size = options->rate / 1000;

    if (options->rate == 0 || size > BURST_MAX)
        return BURST_MAX;
    return size == 0 ? 1 : (uint32_t)size;
}

static void record(struct run *run, const struct frame *frame)
{
    const struct pcap_pkthdr header = {
        .ts = {.tv_sec = (time_t)(frame->time / 1000000000u),
               .tv_usec = (suseconds_t)(frame->time % 1000000000u)},
        .caplen = frame->length,
        .len = frame->length,
    };

    pcap_dump((u_char *)run->record, &header, frame->data);
}

/* Keeps the frames that can be sent, in order. */
static uint32_t sift(struct run *run, struct frame *frames, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct frame *f = &frames[i];

        if (run->options->pcap && (f->link != LINK_ETHERNET || f->length != f->wire_length ||
                                   f->length < 14 || f->length > run->options->longest)) {
            run->left_out++;
            continue;
        }
        frames[kept++] = *f;
        if (run->record)
            record(run, f);
    }
    return kept;
}

/* When a frame of a capture is due: as long after the first as it came. */
static uint64_t due(struct run *run, const struct frame *frame)
{
    if (run->first_time == 0)
        run->first_time = frame->time;
    return run->start + (frame->time > run->first_time ? frame->time - run->first_time : 0);
}

/* Sends each frame when it is due, those that are late together. */
static void send_on_time(struct run *run, const struct frame *frames, uint32_t count, int *status)
{
    for (uint32_t done = 0, next = 0; done < count && *status == 0; done = next) {
        sleep_until(due(run, &frames[done]));
        uint64_t now = monotonic_ns();

        for (next = done + 1; next < count && due(run, &frames[next]) <= now;)
            next++;
        run->sent +=
            raw_sender_send(run->raw, frames + done, next - done, run->options->trailers, status);
    }
}

static int send_raw(struct run *run, struct error *error)
{
    struct frame frames[BURST_MAX];
    uint32_t most = burst_size(run->options);
    int status = 0;

    while (status == 0) {
        int count = run->source->operations->receive(run->source, frames, most);

        if (count <= 0)
            return count == -ENODATA ? 0 : error_set(error, count, "the capture breaks off");
        uint32_t kept = sift(run, frames, (uint32_t)count);
        if (run->options->own_times) {
            send_on_time(run, frames, kept, &status);
            continue;
        }
        run->sent += raw_sender_send(run->raw, frames, kept, run->options->trailers, &status);
        pace(run);
    }
    return error_set(error, status, "%s: sending failed: %s", run->options->interface,
                     strerror(-status));
}

static int send_live(struct run *run, struct error *error)
{
    int status = 0;

    while (status == 0 && run->sent < run->options->synthetic.count) {
        status = live_sender_send(run->live);
        run->sent = live_sender_sent(run->live);
        run->took = live_sender_took(run->live);
    }
    return status == 0 ? 0
                       : error_set(error, status, "%s: sending live frames failed: %s",
                                   run->options->interface, strerror(-status));
}

static int check(const struct generate_options *options, struct error *error)
{
    cpu_set_t core;

    if (!options->interface)
        return error_set(error, -EINVAL, "no interface: say --iface IF");
    if (options->cpu >= 0) {
        CPU_ZERO(&core);
        CPU_SET((size_t)options->cpu, &core);
        if (sched_setaffinity(0, sizeof(core), &core) != 0)
            return error_set(error, -errno, "--cpu %d: %s", options->cpu, strerror(errno));
    }
    return 0;
}

static int open_record(struct run *run, const char *path, struct error *error)
{
    pcap_t *kind =
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO);

    run->record = kind ? pcap_dump_open(kind, path) : NULL;
    if (!run->record)
        error_set(error, -EIO, "cannot write %s: %s", path, kind ? pcap_geterr(kind) : "no memory");
    if (kind)
        pcap_close(kind);
    return run->record ? 0 : -EIO;
}

/* Runs one of the two senders over its source. */
static int generate(struct run *run, struct error *error)
{
    const struct generate_options *options = run->options;
    struct synthetic *synthetic = NULL;
    struct capture *capture = NULL;
    int status = 0;

    if (options->live) {
        status = live_sender_open(&run->live, options->interface, &options->synthetic,
                                  options->rate, error);
        run->start = monotonic_ns();
        if (status == 0)
            status = send_live(run, error);
        live_sender_close(run->live);
        return status;
    }
    if (options->pcap)
        status = capture_open(&capture, options->pcap, error);
    else if (synthetic_new(&synthetic, &options->synthetic) != 0)
        status = error_set(error, -ENOMEM, "out of memory");
    if (status == 0 && options->record)
        status = open_record(run, options->record, error);
    if (status == 0)
        status = raw_sender_open(&run->raw, options->interface, error);
    if (status == 0) {
        run->source = capture ? capture_port(capture) : synthetic_port(synthetic);
        run->start = monotonic_ns();
        status = send_raw(run, error);
    }
    raw_sender_close(run->raw);
    if (run->record)
        pcap_dump_close(run->record);
    capture_close(capture);
    synthetic_free(synthetic);
    return status;
}

/* The rate reached, and what the user should know of it. */
static double judge(const struct run *run, const struct nic_counters *before,
                    const struct nic_counters *after)
{
    const struct generate_options *options = run->options;
    double rate = run->took ? (double)run->sent * 1e9 / (double)run->took : 0;

    if (options->rate && run->sent && rate < (double)options->rate * RATE_SHARE)
        program_complain(&generate_program,
                         "warning: %s: %.1f frames a second instead of %llu: no more is had here",
                         options->interface, rate, (unsigned long long)options->rate);
    if (options->live && run->sent && after->tx_packets == before->tx_packets &&
        after->tx_dropped == before->tx_dropped)
        program_complain(&generate_program,
                         "warning: %s has counted none of the frames: of a veth, its peer must run "
                         "an XDP program to take them",
                         options->interface);
    return rate;
}

int main(int argc, char **argv)
{
    struct generate_options options = {
        .cpu = -1,
        .synthetic = {.to = {2, 0, 0, 0, 0, 2}, .from = {2, 0, 0, 0, 0, 1}},
    };
    struct run run = {.options = &options};
    struct nic_counters before = {0}, after = {0};
    struct error error = {""};
    struct nic *nic = NULL;
    program_begin();
    int status = program_options(&generate_program, &options, argc, argv, &error);

    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    if (status == 0)
        status = check(&options, &error);
    if (status == 0)
        status = nic_open(&nic, options.interface, &error);
    if (status != 0) {
        program_complain(&generate_program, "%s", error.text);
        return EXIT_USAGE;
    }
    (void)nic_read_counters(nic, &before);
    status = generate(&run, &error);
    uint64_t wall = run.start ? monotonic_ns() - run.start : 0;
    if (run.took == 0)
        run.took = wall;
    (void)nic_read_counters(nic, &after);
    (void)nic_close(nic, NULL);
    if (status != 0)
        program_complain(&generate_program, "%s", error.text);
    double rate = judge(&run, &before, &after);
    printf("{\"sent\": %llu, \"left_out\": %llu, \"seconds\": %.6f, \"rate\": %.1f, "
           "\"tx_packets\": %llu, \"tx_dropped\": %llu}\n",
           (unsigned long long)run.sent, (unsigned long long)run.left_out, (double)wall / 1e9, rate,
           (unsigned long long)(after.tx_packets - before.tx_packets),
           (unsigned long long)(after.tx_dropped - before.tx_dropped));
    return status == 0 ? EXIT_DONE : EXIT_FAILED;
}
