// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_private.h"
#include "link_layer.h"

/* libpcap reads every packet into the same buffer, so a burst's packets are copied together. One
 * that doesn't fit any more stays in libpcap's buffer and opens the next burst. */
enum { ARENA_SIZE = 1 << 20 };
_Static_assert((int)ARENA_SIZE >= (int)CAPTURE_PACKET_MAX, "a packet must fit an empty arena");

struct foreign {
    struct capture capture;
    enum link_type link;
    pcap_t *pcap; /* owns the FILE that reads through `peeked` and the capture's stream */
    uint8_t header[CAPTURE_PEEK];
    size_t peeked; /* bytes of the header that libpcap hasn't read yet, at its end */
    size_t header_size;
    const struct pcap_pkthdr *waiting; /* read, but not yet delivered */
    const uint8_t *waiting_data;
    struct error why; /* the stream failed */
    uint8_t arena[ARENA_SIZE];
};

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
        foreign->capture.ended = capture_finish(&foreign->capture);
    else
        foreign->capture.ended = error_set(
            &foreign->capture.fault, -EBADMSG, "capture %s breaks off: %s", foreign->capture.path,
            foreign->why.text[0] ? foreign->why.text : pcap_geterr(foreign->pcap));
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
            .link = foreign->link,
        };
        used += captured;
        foreign->waiting = NULL;
        foreign->capture.packets++;
    }
    return count > 0 ? (int)count : foreign->capture.ended;
}

/* What was peeked at, then the rest of the file. */
static ssize_t read_stream(void *cookie, char *buffer, size_t size)
{
    struct foreign *foreign = cookie;

    if (foreign->peeked == 0) {
        ssize_t got = byte_stream_read(foreign->capture.stream, buffer, size, &foreign->why);

        errno = got < 0 ? (int)-got : 0;
        return got < 0 ? -1 : got;
    }
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
    uint32_t number = (uint32_t)pcap_datalink(foreign->pcap);
    foreign->link = link_of_number(number);
    if (foreign->link == LINK_UNKNOWN) {
        destroy(&foreign->capture);
        return capture_refuse_link(common->path, number, error);
    }
    *out = &foreign->capture;
    return 0;
}
