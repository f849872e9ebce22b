// SPDX-License-Identifier: BSD-2-Clause
#include "engine_ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_client.h"
#include "control_request.h"
#include "json_text.h"
#include "program.h"

enum { WORDS_MAX = 3, LIMIT_MAX = 256 };

struct asking {
    const char *interface;
    uint32_t limit; /* 0: the engine's own */
    bool json;
    const char *word[WORDS_MAX];
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

    if (asking->words == WORDS_MAX)
        return error_set(error, -EINVAL, "'%.80s': one command at a time", value);
    asking->word[asking->words++] = value;
    return 0;
}

const struct program engine_ctl_program = {
    .name = "afxdp-engine ctl",
    .purpose = "ask a running engine, or tell it what to do",
    .usage = "afxdp-engine ctl stats|flows|hosts|reload|reopen|version|stop [options]\n"
             "       afxdp-engine ctl set-action CLASS=ACTION [options]\n"
             "       afxdp-engine ctl allow|deny add|del|replace PREFIXES|@FILE [options]",
    .summary = "Asks an engine that runs on an interface, or tells it what to do.",
    .notes = "stats: the report so far. flows, hosts: those of most packets, and those that began\n"
             "most flows. reload: the model's file again. reopen: the file of --eve, when\n"
             "it was moved away. set-action: stays over a reload. allow, deny: change the list of\n"
             "that option.\n"
             "Exit status: 0 done, 1 the engine can't, or there is none, 2 bad usage.",
    .tables = {ctl_options},
    .argument = take_word,
};

static int check(const struct asking *asking, struct error *error)
{
    if (asking->words == 0)
        return error_set(error, -EINVAL, "no command; see %s --help", engine_ctl_program.name);
    return control_request_check(asking->word[0], asking->words, error);
}

static int ask(const struct asking *asking, json_t **message, struct error *error)
{
    struct control_client *client = NULL;
    json_t *request = json_pack("{s:s}", "command", asking->word[0]);
    int status = control_client_open(&client, asking->interface, error);

    if (status == 0 && asking->limit)
        (void)json_object_set_new(request, "limit", json_integer(asking->limit));
    if (status == 0 && asking->words == 2)
        (void)json_object_set_new(request, "action", json_string(asking->word[1]));
    if (status == 0 && asking->words == 3) {
        (void)json_object_set_new(request, "change", json_string(asking->word[1]));
        status = control_request_prefixes(request, asking->word[2], error);
    }
    if (status == 0)
        status = control_client_ask(client, request, message, error);
    json_decref(request);
    control_client_close(client);
    return status;
}

int engine_ctl_main(int argc, char **argv)
{
    struct asking asking = {.words = 0};
    struct error error;
    json_t *message = NULL;
    int outcome = program_options(&engine_ctl_program, &asking, argc, argv, &error);

    if (outcome == PROGRAM_DONE)
        return EXIT_DONE;
    if (outcome == PROGRAM_RUN)
        outcome = check(&asking, &error);
    if (outcome != PROGRAM_RUN) {
        program_complain(&engine_ctl_program, "%s", error.text);
        return EXIT_USAGE;
    }
    if (ask(&asking, &message, &error) != 0) {
        program_complain(&engine_ctl_program, "%s", error.text);
        return EXIT_FAILED;
    }
    if (asking.json) {
        (void)json_dumpf(message, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        putchar('\n');
    } else {
        json_text_print(stdout, message);
    }
    json_decref(message);
    return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_DONE;
}
