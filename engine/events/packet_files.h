// SPDX-License-Identifier: BSD-2-Clause
/* One pcapng file, or a ring of them that are written over in turn: no more than so many bytes
 * each. All are opened at the start, so that nothing has to be created once rights are given up.
 *
 * Of a ring NAME.pcapng has the files NAME.0.pcapng, NAME.1.pcapng, …, the number with as many
 * digits as the last one has. A file that holds no packet yet is a capture without packets. One
 * thread, but where it says otherwise. */
#ifndef AFXDP_PACKET_FILES_H
#define AFXDP_PACKET_FILES_H

#include <limits.h>
#include <stdbool.h>

#include "error.h"
#include "pcapng_blocks.h"
#include "port.h"

enum {
    PACKET_FILES_MAX = 1000,
    PACKET_INTERFACES_MAX = 64,
    PACKET_FILES_LEAST = 1 << 20, /* bytes that a file may be held to */
};

struct packet_files_options {
    const char *path;
    const char *interface[2]; /* NULL: none */
    uint32_t snaplen;
    uint64_t most;  /* bytes of a file, PACKET_FILES_LEAST or more; 0: any */
    uint32_t count; /* of files */
};

/* The i-th of `count` files: of a ring "x.pcapng" is "x.07.pcapng". */
void packet_files_name(char name[PATH_MAX], const char *path, uint32_t count, uint32_t i);

struct packet_files;

/* Creates the files ("-": standard output). -errno with one line. */
int packet_files_open(struct packet_files **out, const struct packet_files_options *options,
                      struct error *error);

/* What became of a packet. */
enum packet_files_added {
    PACKET_ADDED,
    PACKET_BEYOND,      /* the one file is full */
    PACKET_FLUSH_FIRST, /* try again behind packet_files_flush */
};

/* A packet that was seen on that interface, in the order of their names, with that link type; its
 * own `interface` is filled in here. Interfaces beyond PACKET_INTERFACES_MAX are one. */
enum packet_files_added packet_files_add(struct packet_files *files, struct pcapng_packet *packet,
                                         uint32_t interface, enum link_type link);

/* Writes some of what was added. False: there is nothing, the reader of a pipe has made no room
 * for a while, or writing has failed. */
bool packet_files_flush(struct packet_files *files);

bool packet_files_have_more(const struct packet_files *files);

/* Packets that are wholly in a file. Any thread. */
uint64_t packet_files_written(const struct packet_files *files);

/* 0, or -errno of the write that failed; the file then ends behind its last whole packet. Any
 * thread. */
int packet_files_status(const struct packet_files *files);

/* Takes NULL. */
void packet_files_close(struct packet_files *files);

#endif
