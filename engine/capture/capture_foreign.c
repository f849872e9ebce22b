// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_private.h"

/* libpcap reads every packet into the same buffer, so a burst's packets are copied together. One
 * that doesn't fit any more stays in libpcap's buffer and opens the next burst. */
enum { ARENA_SIZE = 1 << 20 };
_Static_assert((int)ARENA_SIZE >= (int)CAPTURE_PACKET_MAX, "a packet must fit an empty arena");

struct foreign {
    struct capture capture;
    pcap_t *pcap; /* owns the stream that reads through `peeked` and fd */
    uint8_t header[CAPTURE_PEEK];
    size_t peeked; /* bytes of the header that libpcap hasn't read yet, at its end */
    size_t header_size;
    const struct pcap_pkthdr *waiting; /* read, but not yet delivered */
    const uint8_t *waiting_data;
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
static bool read_packet(struct foreign *foreign)
{
    struct pcap_pkthdr *header;
    const u_char *data;

    if (foreign->waiting)
        return true;
    if (foreign->capture.ended)
        return false;
    int result = pcap_next_ex(foreign->pcap, &header, &data);
    if (result == 1) {
        foreign->waiting = header;
        foreign->waiting_data = data;
        return true;
    }
    if (result == PCAP_ERROR_BREAK)
        foreign->capture.ended = -ENODATA;
    else
        foreign->capture.ended =
            error_set(&foreign->capture.fault, -EBADMSG, "capture %s breaks off: %s",
                      foreign->capture.path, pcap_geterr(foreign->pcap));
    return false;
}

static uint64_t time_of(const struct pcap_pkthdr *header)
{
    /* libpcap takes the unsigned seconds of a pcap file for signed ones: from 2038 on negative. */
    uint64_t seconds =
        header->ts.tv_sec < 0 ? (uint32_t)header->ts.tv_sec : (uint64_t)header->ts.tv_sec;

    return seconds * 1000000000 + (uint64_t)header->ts.tv_usec;
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct foreign *foreign = (struct foreign *)port;
    uint32_t count = 0;
    size_t used = 0;

    while (count < most && read_packet(foreign)) {
        const struct pcap_pkthdr *header = foreign->waiting;
        uint32_t captured = header->caplen;

        if (captured > ARENA_SIZE - used) {
            if (count > 0)
                break;
            captured = ARENA_SIZE; /* link types whose packets libpcap lets be longer */
        }
        memcpy(foreign->arena + used, foreign->waiting_data, captured);
        frames[count++] = (struct frame){
            .data = foreign->arena + used,
            .length = captured,
            .wire_length = header->len > header->caplen ? header->len : header->caplen,
            .time = time_of(header),
            .link = foreign->capture.link,
        };
        used += captured;
        foreign->waiting = NULL;
    }
    return count > 0 ? (int)count : foreign->capture.ended;
}

/* What was peeked at, then the rest of the file. */
static ssize_t read_stream(void *cookie, char *buffer, size_t size)
{
    struct foreign *foreign = cookie;

    if (foreign->peeked == 0)
        return read(foreign->capture.fd, buffer, size);
    size_t take = size < foreign->peeked ? size : foreign->peeked;
    memcpy(buffer, foreign->header + foreign->header_size - foreign->peeked, take);
    foreign->peeked -= take;
    return (ssize_t)take;
}

static void destroy(struct capture *capture)
{
    pcap_close(((struct foreign *)capture)->pcap);
    free(capture);
}

int capture_foreign_open(struct capture **out, const struct capture *common,
                         const uint8_t header[CAPTURE_PEEK], size_t peeked, struct error *error)
{
    static const struct port_operations operations = {receive, capture_send, capture_release,
                                                      capture_flush};
    char why[PCAP_ERRBUF_SIZE] = "";
    struct foreign *foreign = malloc(sizeof(*foreign));

    if (!foreign)
        return error_set(error, -ENOMEM, "no memory to read capture %s", common->path);
    memset(foreign, 0, offsetof(struct foreign, arena));
    foreign->capture = *common;
    foreign->capture.port.operations = &operations;
    foreign->capture.destroy = destroy;
    memcpy(foreign->header, header, peeked);
    foreign->header_size = foreign->peeked = peeked;

    FILE *stream = fopencookie(foreign, "r", (cookie_io_functions_t){.read = read_stream});
    if (!stream) {
        free(foreign);
        return error_set(error, -ENOMEM, "no memory to read capture %s", common->path);
    }
    foreign->pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!foreign->pcap) {
        fclose(stream);
        free(foreign);
        return error_set(error, -EINVAL,
                         "cannot read capture %s: %s (a pcap or pcapng file is needed)",
                         common->path, why);
    }
    int dlt = pcap_datalink(foreign->pcap);
    const char *name = pcap_datalink_val_to_name(dlt);
    foreign->capture.link = link_type_of(dlt);
    foreign->capture.link_name = name ? name : "unknown";
    *out = &foreign->capture;
    return 0;
}
