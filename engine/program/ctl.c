// SPDX-License-Identifier: BSD-2-Clause
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_client.h"
#include "control_request.h"
#include "json_text.h"
#include "program.h"

enum { LIMIT_MAX = 256 };

struct asking {
    const char *interface;
    uint32_t limit; /* 0: the engine's own */
    bool json;
    const char *word[CONTROL_WORDS_MAX];
    int words;
};

static const struct option_spec ctl_options[] = {
    {.group = "Engine",
     OPTION_ROW_TEXT("iface", "IF", struct asking, interface),
     .letter = 'i',
     .help = "the engine's --iface; without it, the only engine that runs here"},
    {.group = "Output",
     OPTION_ROW_NUMBER("limit", "N", 1, LIMIT_MAX, struct asking, limit),
     .help = "how many flows or hosts (20)"},
    {OPTION_ROW_FLAG("json", struct asking, json), .help = "the answer as one JSON object a line"},
    {0},
};

static int take_word(void *target, const char *value, struct error *error)
{
    struct asking *asking = target;

    if (asking->words == CONTROL_WORDS_MAX)
        return error_set(error, -EINVAL, "'%.80s': one command at a time", value);
    asking->word[asking->words++] = value;
    return 0;
}

const struct program ctl_program = {
    .name = "afxdp-engine ctl",
    .purpose = "ask a running engine, or tell it what to do",
    .usage = "afxdp-engine ctl stats|flows|hosts|reload|reopen|version|stop [options]\n"
             "       afxdp-engine ctl explain FLOW [options]\n"
             "       afxdp-engine ctl set-action CLASS=ACTION [options]\n"
             "       afxdp-engine ctl allow|deny add|del|replace PREFIXES|@FILE [options]\n"
             "       afxdp-engine ctl blocks list|flush [options]\n"
             "       afxdp-engine ctl blocks add ADDRESSES|@FILE SECONDS [options]\n"
             "       afxdp-engine ctl blocks del ADDRESSES|@FILE [options]",
    .summary = "Asks an engine that runs on an interface, or tells it what to do.",
    .notes = "stats: the report so far. flows, hosts: those of most packets, and those that began\n"
             "most flows. reload: the model's file again. reopen: the file of --eve, when\n"
             "it was moved away. set-action: stays over a reload. allow, deny: change the list of\n"
             "that option. blocks: the hosts that are blocked. explain: why the next packet of\n"
             "FLOW, tcp/10.0.0.1:51234-10.0.0.2:22, is called what it is.\n"
             "Exit status: 0 done, 1 the engine can't, or there is none, 2 bad usage.",
    .tables = {ctl_options},
    .argument = take_word,
};

/* Whether the answer says that there is more, for which the request then asks. */
static bool has_more(json_t *message, json_t *request)
{
    json_t *next = json_incref(json_object_get(message, "next"));

    (void)json_object_del(message, "next");
    return next && json_object_set_new(request, "from", next) == 0;
}

static int ask(const struct asking *asking, json_t *request, struct error *error)
{
    struct control_client *client = NULL;
    bool more = true;
    int status = control_client_open(&client, asking->interface, error);

    if (asking->limit)
        (void)json_object_set_new(request, "limit", json_integer(asking->limit));
    while (status == 0 && more) {
        json_t *message = NULL;

        status = control_client_ask(client, request, &message, error);
        more = has_more(message, request);
        if (status == 0)
            json_text_print_answer(stdout, message, asking->json);
        json_decref(message);
    }
    control_client_close(client);
    return status;
}

int ctl_main(int argc, char **argv)
{
    struct asking asking = {.words = 0};
    json_t *request = NULL;
    struct error error;
    int status = program_options(&ctl_program, &asking, argc, argv, &error);

    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    bool asks = status == PROGRAM_RUN && asking.words > 0;
    if (asks)
        status = control_request_new(&request, asking.word, asking.words, &error);
    else if (status == PROGRAM_RUN)
        status = error_set(&error, -EINVAL, "no command; see %s --help", ctl_program.name);
    bool usage = !request && (!asks || status == -EINVAL);
    if (status == 0)
        status = ask(&asking, request, &error);
    json_decref(request);
    if (status == 0)
        return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_DONE;
    program_complain(&ctl_program, "%s", error.text);
    return usage ? EXIT_USAGE : EXIT_FAILED;
}
