// SPDX-License-Identifier: BSD-2-Clause
/* Several captures as one, in the order of their packets' times. A capture is open from the time of
 * its first packet on: of those that a recorder began one after the other, one or two at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture_private.h"

enum { OPEN_MAX_CAPTURES = 64 };

struct member {
    const char *path;
    int64_t first; /* the time of its first packet; INT64_MIN where that can't be read */
    uint64_t size; /* in bytes; 0 where that means nothing */
    uint32_t place;
};

/* A capture that is open, and its packets that aren't handed out yet. */
struct source {
    struct capture *capture;
    uint64_t size;
    uint32_t at;
    uint32_t count;
    struct frame frames[BURST_MAX];
};

struct series {
    struct capture capture;
    struct member *members; /* in the order of their first packets */
    uint32_t count;
    uint32_t next; /* the first that isn't open yet */
    uint32_t faults;
    uint64_t done; /* bytes of those that are closed */
    uint64_t size;
    uint32_t open;
    struct source *sources[OPEN_MAX_CAPTURES];
};

/* Nanoseconds before 1970 are the upper half of the numbers. */
static int64_t head_of(const struct source *source)
{
    return (int64_t)source->frames[source->at].time;
}

static void fail(struct series *series, int err, const char *text)
{
    if (series->faults++ == 0)
        error_set(&series->capture.fault, err, "%s", text);
}

/* Takes what it couldn't read into account and closes it. */
static void close_source(struct series *series, uint32_t i)
{
    struct source *source = series->sources[i];
    const struct capture_unread *unread;

    for (uint32_t k = 0, kinds = capture_unread(source->capture, &unread); k < kinds; k++)
        capture_add_unread(&series->capture, unread[k].number, unread[k].packets);
    series->done += source->size;
    capture_close(source->capture);
    free(source);
    series->sources[i] = series->sources[--series->open];
}

/* Gets its next packets, now that the ones before are done with; closes it at its end. */
static void refill(struct series *series, uint32_t i)
{
    struct source *source = series->sources[i];
    struct port *port = capture_port(source->capture);
    int received = port->operations->receive(port, source->frames, BURST_MAX);

    source->at = 0;
    source->count = received > 0 ? (uint32_t)received : 0;
    if (received > 0)
        return;
    if (received != -ENODATA)
        fail(series, received, capture_fault(source->capture));
    close_source(series, i);
}

static void open_member(struct series *series)
{
    const struct member *member = &series->members[series->next++];
    struct source *source = calloc(1, sizeof(*source));
    struct error why;
    int err = -ENOMEM;

    if (!source)
        error_set(&why, err, "no memory to read capture %s", member->path);
    else
        err = capture_open(&source->capture, member->path, &why);
    if (err) {
        fail(series, err, why.text);
        free(source);
        return;
    }
    source->size = member->size;
    series->sources[series->open++] = source;
    refill(series, series->open - 1);
}

/* The open capture whose next packet is the earliest, -1 where none is open. */
static int earliest(const struct series *series)
{
    int found = -1;

    for (uint32_t i = 0; i < series->open; i++) {
        if (found < 0 || head_of(series->sources[i]) < head_of(series->sources[found]))
            found = (int)i;
    }
    return found;
}

static bool is_due(const struct series *series, int found)
{
    return series->next < series->count &&
           (found < 0 || series->members[series->next].first <= head_of(series->sources[found]));
}

/* Makes sure that every open capture has a packet, and that all are open whose turn it is. */
static int prepare(struct series *series)
{
    for (uint32_t i = series->open; i-- > 0;) {
        if (series->sources[i]->at == series->sources[i]->count)
            refill(series, i);
    }
    while (is_due(series, earliest(series))) {
        if (series->open == OPEN_MAX_CAPTURES)
            return error_set(
                &series->capture.fault, -EMFILE,
                "more than %d captures overlap in time at %s: merge some, or take each "
                "alone",
                OPEN_MAX_CAPTURES, series->members[series->next].path);
        open_member(series);
    }
    return 0;
}

static int finish(struct series *series)
{
    if (series->faults == 0)
        return capture_finish(&series->capture);
    if (series->faults > 1) {
        struct error first = series->capture.fault;

        error_set(&series->capture.fault, 0, "%.440s (and %u more captures are faulty)", first.text,
                  series->faults - 1);
    }
    return -EBADMSG;
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct series *series = (struct series *)port;
    uint32_t count = 0;

    if (series->capture.ended)
        return series->capture.ended;
    int err = prepare(series);
    if (err || series->open == 0) {
        series->capture.ended = err ? err : finish(series);
        return series->capture.ended;
    }
    while (count < most) {
        int found = earliest(series);
        struct source *source = series->sources[found];

        if (count > 0 && is_due(series, found))
            break;
        frames[count++] = source->frames[source->at++];
        if (source->at == source->count) /* what was handed out ends with its next packets */
            break;
    }
    series->capture.packets += count;
    return (int)count;
}

static void progress(const struct capture *capture, uint64_t *done, uint64_t *size)
{
    const struct series *series = (const struct series *)capture;

    *done = series->done;
    *size = series->size;
    for (uint32_t i = 0; i < series->open; i++) {
        uint64_t read, all;

        capture_progress(series->sources[i]->capture, &read, &all);
        *done += read;
    }
}

static void destroy(struct capture *capture)
{
    struct series *series = (struct series *)capture;

    while (series->open > 0)
        close_source(series, series->open - 1);
    free(series->members);
    free(series);
}

/* When it begins: INT64_MIN for one without packets, too. */
static int look_into(struct member *member, const char *path, struct error *error)
{
    struct capture *capture = NULL;
    struct stat file;
    struct frame frame;
    int err = capture_open(&capture, path, error);

    if (err)
        return err;
    struct port *port = capture_port(capture);
    bool begins = port->operations->receive(port, &frame, 1) == 1;
    *member = (struct member){.path = path, .first = begins ? (int64_t)frame.time : INT64_MIN};
    if (stat(path, &file) == 0)
        member->size = (uint64_t)file.st_size;
    capture_close(capture);
    return 0;
}

/* Those that begin together stay in the order in which they were named. */
static int compare_members(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

int capture_series_open(struct capture **out, char *const *paths, uint32_t count,
                        struct error *error)
{
    static const struct port_operations operations = {receive, capture_send, capture_release,
                                                      capture_flush};
    struct series *series = NULL;
    int err = -ENOMEM;

    if (count == 1)
        return capture_open(out, paths[0], error);
    series = calloc(1, sizeof(*series));
    if (series)
        series->members = calloc(count, sizeof(*series->members));
    if (!series || !series->members) {
        err = error_set(error, -ENOMEM, "no memory to read %u captures", count);
        goto out;
    }
    series->count = count;
    for (uint32_t i = 0; i < count; i++) {
        err = strcmp(paths[i], "-") == 0
                  ? error_set(error, -EINVAL, "standard input can't be one of several captures")
                  : look_into(&series->members[i], paths[i], error);
        if (err)
            goto out;
        series->members[i].place = i;
        series->size += series->members[i].size;
    }
    qsort(series->members, count, sizeof(*series->members), compare_members);
    series->capture.path = paths[0];
    series->capture.port.operations = &operations;
    series->capture.progress = progress;
    series->capture.destroy = destroy;
    *out = &series->capture;
    return 0;
out:
    if (series)
        free(series->members);
    free(series);
    return err;
}
