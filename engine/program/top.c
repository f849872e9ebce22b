// SPDX-License-Identifier: BSD-2-Clause
#include "top.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "control_client.h"
#include "live_view.h"
#include "monotonic.h"
#include "terminal.h"

enum { EVERY_MS = 1000, LISTED = 40, BATCH_COLUMNS = 120, BATCH_ROWS = 60 };

struct top {
    const char *interface;
    uint32_t count; /* looks; 0: until the end */
    bool batch;
    struct control_client *client;
    struct live_view view;
};

static const struct option_spec top_options[] = {
    {.group = "Engine",
     OPTION_ROW_TEXT("iface", "IF", struct top, interface),
     .letter = 'i',
     .help = "the engine's --iface; without it, the only engine that runs here"},
    {.group = "Output",
     OPTION_ROW_FLAG("batch", struct top, batch),
     .help = "one look below the other, without colours, for a pipe or a file"},
    {OPTION_ROW_NUMBER("count", "N", 1, 1000000000, struct top, count), .letter = 'n',
     .help = "end after N looks (until q, SIGINT, or the engine's end)"},
    {0},
};

const struct program top_program = {
    .name = "afxdp-engine top",
    .purpose = "watch a running engine",
    .usage = "afxdp-engine top [-i IF] [--batch] [-n COUNT]",
    .summary = "Shows once a second what an engine on an interface is doing: rates by class and\n"
               "queue with their last minute, how full rings are, what is lost, the largest\n"
               "flows and the hosts that began most.",
    .notes = "q or SIGINT ends it.\n"
             "Exit status: 0 done, or the engine has ended, 1 there is none, 2 bad usage.",
    .tables = {top_options},
};

static int ask(struct control_client *client, const char *command, int limit, json_t **message,
               struct error *error)
{
    json_t *request = json_pack("{s:s}", "command", command);

    if (limit)
        (void)json_object_set_new(request, "limit", json_integer(limit));
    int status = control_client_ask(client, request, message, error);
    json_decref(request);
    return status;
}

static int look(struct top *top, struct error *error)
{
    json_t *stats = NULL, *flows = NULL, *hosts = NULL;
    int status = ask(top->client, "stats", 0, &stats, error);

    if (status == 0)
        status = ask(top->client, "flows", LISTED, &flows, error);
    if (status == 0 || status == -EREMOTEIO)
        status = ask(top->client, "hosts", LISTED, &hosts, error);
    if (status == 0 || status == -EREMOTEIO) {
        live_view_look(&top->view, stats, flows, hosts);
        return 0;
    }
    json_decref(stats);
    json_decref(flows);
    return status;
}

static void draw(const struct top *top)
{
    struct live_screen screen = {
        .to = stdout,
        .rows = BATCH_ROWS,
        .columns = BATCH_COLUMNS,
        .terminal = !top->batch,
        .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };

    if (screen.terminal) {
        terminal_size(&screen.rows, &screen.columns);
        fputs("\033[H", stdout);
    }
    live_view_draw(&top->view, &screen);
    fputs(screen.terminal ? "\033[J" : "\n", stdout);
    fflush(stdout);
}

/* Until the next look is due; false: it is to end. */
static bool wait_until(const struct top *top, uint64_t due)
{
    for (uint64_t now = monotonic_ms(); now < due; now = monotonic_ms()) {
        enum terminal_event event = terminal_wait((int)(due - now));

        if (event == TERMINAL_QUIT)
            return false;
        if (event == TERMINAL_RESIZED && !top->batch)
            draw(top);
    }
    return true;
}

/* 0, or -errno where the engine can't be asked any more. */
static int watch(struct top *top, struct error *error)
{
    uint64_t due = monotonic_ms();
    int status = look(top, error); /* a rate needs two of them */

    for (uint32_t looks = 0; status == 0 && (top->count == 0 || looks < top->count); looks++) {
        due += EVERY_MS;
        if (!top->batch)
            draw(top);
        if (!wait_until(top, due))
            return 0;
        status = look(top, error);
        if (status == 0)
            draw(top);
        if (ferror(stdout))
            return 0; /* nobody reads any more */
    }
    return status;
}

static int run(struct top *top, struct error *error)
{
    int status = control_client_open(&top->client, top->interface, error);

    if (status != 0)
        return status;
    if (top->batch)
        terminal_catch();
    else
        status = terminal_begin(error);
    if (status != 0)
        return status;
    status = watch(top, error);
    terminal_end();
    if (status != -EPIPE)
        return status;
    program_complain(&top_program, "the engine has ended");
    return 0;
}

int top_main(int argc, char **argv)
{
    struct top *top = calloc(1, sizeof(*top));
    struct error error;
    int outcome = top ? program_options(&top_program, top, argc, argv, &error)
                      : error_set(&error, -ENOMEM, "no memory");

    if (outcome == PROGRAM_DONE) {
        free(top);
        return EXIT_DONE;
    }
    if (outcome == PROGRAM_RUN) {
        setlocale(LC_CTYPE, "");
        outcome = run(top, &error);
        outcome = outcome == 0 ? EXIT_DONE : outcome == -ENOTTY ? EXIT_USAGE : EXIT_FAILED;
    } else {
        outcome = EXIT_USAGE;
    }
    if (outcome != EXIT_DONE)
        program_complain(&top_program, "%s", error.text);
    if (top) {
        control_client_close(top->client);
        live_view_free(&top->view);
    }
    free(top);
    return outcome;
}
