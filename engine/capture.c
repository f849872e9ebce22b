// SPDX-License-Identifier: BSD-2-Clause
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpcap reads every packet into the same buffer, so a burst's packets are copied together. One
 * that doesn't fit any more stays in libpcap's buffer and opens the next burst. */
enum { ARENA_SIZE = 1 << 20 };

struct capture {
    struct port port;
    pcap_t *pcap;
    enum link_type link;
    const char *path;
    const struct pcap_pkthdr *waiting; /* read, but not yet delivered */
    const uint8_t *waiting_data;
    int ended; /* what receive returns from now on, 0 while there is more */
    struct error fault;
    uint8_t arena[ARENA_SIZE];
};

static enum link_type link_type_of(int dlt)
{
    switch (dlt) {
    case DLT_EN10MB:
        return LINK_ETHERNET;
    case DLT_LINUX_SLL:
        return LINK_COOKED_V1;
    case DLT_LINUX_SLL2:
        return LINK_COOKED_V2;
    case DLT_RAW:
        return LINK_RAW_IP;
    case DLT_IPV4:
        return LINK_IPV4;
    case DLT_IPV6:
        return LINK_IPV6;
    case DLT_NULL:
        return LINK_LOOPBACK;
    case DLT_LOOP:
        return LINK_LOOPBACK_BIG;
    default:
        return LINK_UNKNOWN;
    }
}

/* Makes sure that a packet waits; false at the end or where the file breaks off. */
static bool read_packet(struct capture *capture)
{
    struct pcap_pkthdr *header;
    const u_char *data;

    if (capture->waiting)
        return true;
    if (capture->ended)
        return false;
    int result = pcap_next_ex(capture->pcap, &header, &data);
    if (result == 1) {
        capture->waiting = header;
        capture->waiting_data = data;
        return true;
    }
    if (result == PCAP_ERROR_BREAK) {
        capture->ended = -ENODATA;
    } else {
        capture->ended = error_set(&capture->fault, -EBADMSG, "capture %s breaks off: %s",
                                   capture->path, pcap_geterr(capture->pcap));
    }
    return false;
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct capture *capture = (struct capture *)port;
    uint32_t count = 0;
    size_t used = 0;

    while (count < most && read_packet(capture)) {
        const struct pcap_pkthdr *header = capture->waiting;
        /* Some link types may have packets of 128 MiB: their first megabyte will do. */
        uint32_t captured = header->caplen < ARENA_SIZE ? header->caplen : ARENA_SIZE;
        if (captured > ARENA_SIZE - used)
            break;
        memcpy(capture->arena + used, capture->waiting_data, captured);
        frames[count++] = (struct frame){
            .data = capture->arena + used,
            .length = captured,
            .wire_length = header->len > header->caplen ? header->len : header->caplen,
            .time = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
            .link = capture->link,
        };
        used += captured;
        capture->waiting = NULL;
    }
    return count > 0 ? (int)count : capture->ended;
}

static uint32_t send_nothing(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
    return 0;
}

static void release(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
}

static void flush(struct port *port)
{
    (void)port;
}

static const struct port_operations capture_operations = {
    .receive = receive,
    .send = send_nothing,
    .release = release,
    .flush = flush,
};

int capture_open(struct capture **out, const char *path, struct error *error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "re");

    if (!file) {
        int err = errno;
        return error_set(error, -err, "cannot open capture %s: %s", path, strerror(err));
    }
    struct capture *capture = malloc(sizeof(*capture));
    if (!capture) {
        if (!standard_input)
            fclose(file);
        return error_set(error, -ENOMEM, "no memory to read capture %s", path);
    }
    memset(capture, 0, offsetof(struct capture, arena));
    capture->port.operations = &capture_operations;
    capture->path = path;
    capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!capture->pcap) {
        if (!standard_input)
            fclose(file);
        free(capture);
        return error_set(error, -EINVAL,
                         "cannot read capture %s: %s (a pcap or pcapng file is needed)", path, why);
    }
    capture->link = link_type_of(pcap_datalink(capture->pcap));
    *out = capture;
    return 0;
}

struct port *capture_port(struct capture *capture)
{
    return &capture->port;
}

const char *capture_fault(const struct capture *capture)
{
    return capture->fault.text;
}

enum link_type capture_link(const struct capture *capture)
{
    return capture->link;
}

const char *capture_link_name(const struct capture *capture)
{
    const char *name = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));

    return name ? name : "unknown";
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    pcap_close(capture->pcap);
    free(capture);
}
