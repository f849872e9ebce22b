// SPDX-License-Identifier: BSD-2-Clause
/* The project's own readers of pcap and pcapng files against libpcap: the same frames, and for pcap
 * a break in the same place, for whole and for damaged files. */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_private.h"

enum { FILE_MAX = 4 << 20, FRAMES_MAX = 20000 };

static uint8_t file_bytes[FILE_MAX];
static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static void put32(uint8_t *to, uint32_t value, bool swapped)
{
    if (swapped)
        value = __builtin_bswap32(value);
    memcpy(to, &value, sizeof(value));
}

struct form {
    bool swapped;
    uint32_t magic;
    uint32_t snap;
    uint32_t link;
    uint32_t largest; /* packet, in bytes */
    uint32_t packets;
};

/* A file of random packets; returns its size. */
static size_t make_file(const struct form *form)
{
    uint32_t versions = form->swapped ? 0x00020004 : 0x00040002;
    size_t size = 24;

    memset(file_bytes, 0, size);
    put32(file_bytes, form->magic, form->swapped);
    put32(file_bytes + 4, versions, form->swapped);
    put32(file_bytes + 16, form->snap, form->swapped);
    put32(file_bytes + 20, form->link, form->swapped);
    for (uint32_t i = 0; i < form->packets; i++) {
        uint32_t captured = next_random() % (form->largest + 1);
        uint32_t wire = captured + (next_random() % 3 == 0 ? next_random() % 2000 : 0);

        if (size + 16 + captured > FILE_MAX)
            break;
        if (next_random() % 16 == 0)
            wire = next_random() % (captured + 1);               /* less than what is there */
        put32(file_bytes + size, 0x7ffffff0 + i, form->swapped); /* past 2038 */
        put32(file_bytes + size + 4, next_random() % 1000000, form->swapped);
        put32(file_bytes + size + 8, captured, form->swapped);
        put32(file_bytes + size + 12, wire, form->swapped);
        for (uint32_t k = 0; k < captured; k += 64)
            file_bytes[size + 16 + k] = (uint8_t)next_random();
        size += 16 + captured;
    }
    return size;
}

/* What a reader gave: frames with a checksum of their bytes in `handle`. */
struct reading {
    struct frame frames[FRAMES_MAX];
    uint32_t count;
    int end;
    bool opened;
};

static void read_all(struct capture *capture, struct reading *reading)
{
    struct port *port = capture_port(capture);
    struct frame burst[BURST_MAX];
    int received;

    reading->count = 0;
    while ((received = port->operations->receive(port, burst, 1 + next_random() % BURST_MAX)) > 0) {
        for (int i = 0; i < received; i++) {
            uint64_t sum = 14695981039346656037u;
            for (uint32_t k = 0; k < burst[i].length; k++)
                sum = (sum ^ burst[i].data[k]) * 1099511628211u;
            assert_true(reading->count < FRAMES_MAX);
            burst[i].handle = sum;
            burst[i].data = NULL;
            reading->frames[reading->count++] = burst[i];
        }
        port->operations->release(port, burst, (uint32_t)received);
        port->operations->flush(port);
    }
    reading->end = received;
    assert_int_equal(capture_fault(capture)[0] != '\0', received != -ENODATA);
}

static void open_and_read(const char *path, bool own, struct reading *reading)
{
    struct capture common = {.path = path};
    struct capture *capture = NULL;
    uint8_t header[CAPTURE_PEEK] = {0};
    struct error error = {""};
    int err = -ENOTSUP;

    assert_int_equal(byte_stream_open(&common.stream, path, &error), 0);
    ssize_t peeked = byte_stream_read(common.stream, header, sizeof(header), &error);
    assert_true(peeked >= 0);
    if (own && peeked == CAPTURE_PEEK) {
        err = capture_plain_open(&capture, &common, header, &error);
        if (err == -ENOTSUP)
            err = capture_pcapng_open(&capture, &common, header, &error);
    } else if (!own) {
        err = capture_foreign_open(&capture, &common, header, (size_t)peeked, &error);
    }
    reading->opened = err == 0;
    if (err) {
        byte_stream_close(common.stream);
        return;
    }
    read_all(capture, reading);
    capture_close(capture);
}

/* Two things that libpcap does and the plain reader doesn't: in files of this machine's byte order
 * it takes a fraction of 2^31 and more, as only damage makes them, for a negative one; in others it
 * swaps the identifiers of cooked CAN frames, and the headers of netfilter's logs. */
static void forgive(struct frame *plain, struct frame *foreign, bool swapped)
{
    uint64_t behind = plain->time - foreign->time;

    if (!swapped && (behind == UINT64_C(1000) << 32 || behind == UINT64_C(1) << 32))
        foreign->time = plain->time;
    if (swapped && (plain->link == LINK_COOKED_V1 || plain->link == LINK_COOKED_V2 ||
                    plain->link == LINK_NFLOG))
        foreign->handle = plain->handle;
}

/* Whether the plain reader takes the file; if so, libpcap must too, and read the same. */
static bool compare(size_t size)
{
    static struct reading plain, foreign;
    char path[] = "/tmp/capture_testXXXXXX";
    int fd = mkstemp(path);

    assert_int_equal(write(fd, file_bytes, size), size);
    close(fd);
    open_and_read(path, true, &plain);
    open_and_read(path, false, &foreign);
    unlink(path);
    if (!plain.opened)
        return false;
    assert_true(foreign.opened);
    assert_int_equal(plain.count, foreign.count);
    for (uint32_t i = 0; i < plain.count; i++)
        forgive(&plain.frames[i], &foreign.frames[i], file_bytes[0] == 0xa1);
    assert_memory_equal(plain.frames, foreign.frames, plain.count * sizeof(plain.frames[0]));
    assert_int_equal(plain.end, foreign.end);
    return true;
}

static void reads_as_libpcap_does(void **state)
{
    (void)state;
    const uint32_t links[] = {
        0,   1,   9,   12,  100, 101, 108,
        113, 127, 228, 229, 239, 276, 1 << 28 | 1}; /* checksums at the frames' ends */

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        const struct form forms[] = {
            {false, 0xa1b2c3d4, 65535, links[i], 1500, 2000},
            {true, 0xa1b2c3d4, 262144, links[i], 100, 1000},
            {false, 0xa1b23c4d, 0, links[i], 200000, 40}, /* more than one block */
            {true, 0xa1b23c4d, 96, links[i], 1500, 500},  /* packets beyond the snapshot length */
            {false, 0xa1b23c4d, 0xffffffff, links[i], 0, 10},
            {false, 0xa1b2c3d4, 65535, links[i], 100, 0},
        };
        for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++)
            assert_true(compare(make_file(&forms[k])));
    }
}

static void leaves_other_files_to_libpcap(void **state)
{
    (void)state;
    const struct form forms[] = {
        {false, 0xa1b2cd34, 65535, 1, 100, 10}, /* Kuznetzov's form */
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        assert_false(compare(make_file(&forms[i])));
}

static void breaks_off_where_libpcap_does(void **state)
{
    (void)state;
    const char *given = getenv("AFXDP_SEED");

    random_state = given ? (uint32_t)strtoul(given, NULL, 0) : (uint32_t)time(NULL);
    print_message("seed %u\n", random_state);
    uint32_t taken = 0;
    for (int round = 0; round < 600; round++) {
        struct form form = {next_random() % 2, 0xa1b2c3d4, 2000, 1, 300, 30};
        size_t size = make_file(&form);

        if (next_random() % 2)
            size = next_random() % size;
        for (uint32_t i = next_random() % 4; i > 0 && size > 0; i--)
            file_bytes[next_random() % size] = (uint8_t)next_random();
        taken += compare(size);
    }
    assert_in_range(taken, 300, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_libpcap_does),
        cmocka_unit_test(leaves_other_files_to_libpcap),
        cmocka_unit_test(breaks_off_where_libpcap_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
