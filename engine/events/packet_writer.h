// SPDX-License-Identifier: BSD-2-Clause
/* --write: the packets themselves, into pcapng files, by a thread of their own.
 *
 *     worker ── packet_tap.h ── ring ──►┐
 *     worker ── packet_tap.h ── ring ──►├─ writer ─► file, ring of files, standard output
 *
 * A packet's comment says what the engine made of it:
 *
 *     class=flood confidence=991 action=drop flow_id=1234567890123456789
 *
 * without confidence where there is no model, and with class and action alone where it wasn't IP.
 * Packets of one worker are in its order, those of several come as they come.
 *
 * Each packet that the rule means ends in one of three: matched = written + lost + beyond. */
#ifndef AFXDP_PACKET_WRITER_H
#define AFXDP_PACKET_WRITER_H

#include "packet_files.h"
#include "packet_tap.h"

enum { PACKET_WRITER_QUEUES_MAX = 64 };

struct packet_writer;

struct packet_writer_options {
    struct packet_files_options files;
    const char *rule;            /* of --write-if; NULL: all */
    const struct policy *policy; /* its names are copied */
    bool classified;             /* there is a model */
    bool day_times;              /* packets' times are of the day, not of the monotonic clock */
    bool waits;                  /* workers do, for the writer */
};

struct packet_writer_totals {
    uint64_t matched;
    uint64_t written; /* wholly, though a ring may have written over them */
    uint64_t lost;    /* found no room on their way, or couldn't be written */
    uint64_t beyond;  /* the one file was full */
};

/* Opens the files. -EINVAL for the rule, -ENOMEM, -errno of open. */
int packet_writer_open(struct packet_writer **out, const struct packet_writer_options *options,
                       struct error *error);

/* The observer of a pipeline with that table; before the start. -ENOMEM, -E2BIG. */
int packet_writer_observe(struct packet_writer *writer, const struct flow_table *table,
                          struct burst_observer **observer, struct error *error);

/* Starts the thread. -errno of that. */
int packet_writer_start(struct packet_writer *writer, struct error *error);

/* Whether writing has failed, from then on packets are only counted; 0 or -errno with one line. Any
 * thread. */
int packet_writer_check(const struct packet_writer *writer, struct error *error);

/* Any thread. Exact once packet_writer_end is done; until then what is on its way is in `matched`
 * alone. */
void packet_writer_read(const struct packet_writer *writer, struct packet_writer_totals *totals);

/* Once no pipeline runs: writes what is there, for two seconds without progress at most. -errno of
 * writing. */
int packet_writer_end(struct packet_writer *writer, struct error *error);

/* The counts are gone with it. Takes NULL. */
void packet_writer_close(struct packet_writer *writer);

#endif
