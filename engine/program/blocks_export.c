// SPDX-License-Identifier: BSD-2-Clause
#include "blocks_export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_text.h"
#include "control_client.h"
#include "day_clock.h"
#include "text_file.h"

enum format { FORMAT_NFTABLES, FORMAT_PLAIN };

enum { STATE_MOST = 1 << 28 };

static const char *const formats[] = {"nftables", "plain", NULL};

struct export
{
    const char *interface;
    const char *state;
    enum format format;
    const char *word;
    struct block_line *line;
    size_t count, room;
};

static const struct option_spec export_options[] = {
    {.group = "Engine",
     OPTION_ROW_TEXT("iface", "IF", struct export, interface),
     .letter = 'i',
     .conflicts = "state",
     .help = "the engine's --iface; without it, the only engine that runs here"},
    {OPTION_ROW_INPUT("state", struct export, state),
     .help = "no engine, but what one has kept in the file of its --state"},
    {.group = "Output",
     OPTION_ROW_CHOICE("format", "FORMAT", formats, struct export, format),
     .help =
         "nftables: a table with a set for each version of IP, for nft -f;\nplain: an address a "
         "line"},
    {0},
};

static int take_word(void *target, const char *value, struct error *error)
{
    struct export *export = target;

    if (export->word || strcmp(value, "export") != 0)
        return error_set(error, -EINVAL, "'%.80s': should be export", value);
    export->word = value;
    return 0;
}

const struct program blocks_program = {
    .name = "afxdp-engine blocks",
    .purpose = "give who is blocked to another firewall",
    .usage = "afxdp-engine blocks export [options]",
    .summary = "Prints the hosts that an engine on an interface blocks.",
    .notes = "nftables: `add table`, so that it may be there already; elements end when their\n"
             "blocks do.\n"
             "Exit status: 0 done, 1 there is no engine, or it can't block, 2 bad usage.",
    .tables = {export_options},
    .argument = take_word,
};

static int add(struct export *export, const struct block_line *line)
{
    if (export->count == export->room) {
        size_t room = export->room ? 2 * export->room : 512;
        struct block_line *grown = reallocarray(export->line, room, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        export->line = grown;
        export->room = room;
    }
    export->line[export->count++] = *line;
    return 0;
}

static int add_host(struct export *export, const json_t *host, uint64_t today)
{
    const char *ip = json_string_value(json_object_get(host, "ip"));
    json_int_t seconds = json_integer_value(json_object_get(host, "seconds"));
    struct prefix prefix;

    if (!ip || prefix_parse(&prefix, ip, strlen(ip), NULL) != 0)
        return -EBADMSG;
    const struct block_line line = {{prefix.high, prefix.low, prefix.version},
                                    today + (uint64_t)seconds};
    return add(export, &line);
}

/* A page of them; *more: there is another, for which `request` then asks. */
static int take_page(struct export *export, const json_t *page, json_t *request, bool *more)
{
    const json_t *hosts = json_object_get(page, "hosts");
    json_t *next = json_object_get(page, "next");
    uint64_t today = day_clock_now() / 1000000000;
    int status = json_is_array(hosts) ? 0 : -EBADMSG;

    for (size_t i = 0; status == 0 && i < json_array_size(hosts); i++)
        status = add_host(export, json_array_get(hosts, i), today);
    *more = next && json_object_set(request, "from", next) == 0;
    return status;
}

static int ask(struct export *export, struct error *error)
{
    struct control_client *client = NULL;
    json_t *request = json_pack("{s:s, s:s}", "command", "blocks", "change", "list");
    bool more = true;
    int status = control_client_open(&client, export->interface, error);

    while (status == 0 && more) {
        json_t *page = NULL;

        status = control_client_ask(client, request, &page, error);
        if (status == 0) {
            status = take_page(export, page, request, &more);
            if (status != 0)
                (void)error_set(error, status, "the engine's answer can't be read: %s",
                                strerror(-status));
        }
        json_decref(page);
    }
    json_decref(request);
    control_client_close(client);
    return status;
}

static int read_state(struct export *export, struct error *error)
{
    char *text = NULL;
    int status = text_file_read(&text, export->state, STATE_MOST, error);

    if (status == 0) {
        status = block_text_parse(&export->line, &export->count, text, error);
        if (status != 0)
            (void)error_prefix(error, status, "%s", export->state);
    }
    free(text);
    return status == 0 ? 0 : -EINVAL;
}

/* The set of a version of IP. */
static void print_set(const struct export *export, uint32_t version, uint64_t today)
{
    bool any = false;

    printf("add set inet afxdp blocked%u { type ipv%u_addr; flags timeout; }\n", version, version);
    printf("flush set inet afxdp blocked%u\n", version);
    for (size_t i = 0; i < export->count; i++) {
        const struct block_line *line = &export->line[i];
        char host[PREFIX_TEXT_MAX];

        if (line->source.version != version || line->end <= today)
            continue;
        block_text_host(&line->source, host);
        if (!any)
            printf("add element inet afxdp blocked%u {\n", version);
        printf("\t%s timeout %llus,\n", host, (unsigned long long)(line->end - today));
        any = true;
    }
    if (any)
        printf("}\n");
}

static void print(const struct export *export)
{
    uint64_t today = day_clock_now() / 1000000000;

    if (export->format == FORMAT_NFTABLES) {
        printf("add table inet afxdp\n");
        print_set(export, 4, today);
        print_set(export, 6, today);
        return;
    }
    for (size_t i = 0; i < export->count; i++) {
        char host[PREFIX_TEXT_MAX];

        if (export->line[i].end <= today)
            continue;
        block_text_host(&export->line[i].source, host);
        puts(host);
    }
}

int blocks_main(int argc, char **argv)
{
    struct export export = {.format = FORMAT_NFTABLES};
    struct error error;
    int status = program_options(&blocks_program, &export, argc, argv, &error);

    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    bool usage = status != PROGRAM_RUN;
    if (!usage && !export.word) {
        status = error_set(&error, -EINVAL, "should be: %s", blocks_program.usage);
        usage = true;
    }
    if (status == PROGRAM_RUN)
        status = export.state ? read_state(&export, &error) : ask(&export, &error);
    if (status == 0)
        print(&export);
    else
        program_complain(&blocks_program, "%s", error.text);
    free(export.line);
    if (status != 0)
        return usage || export.state ? EXIT_USAGE : EXIT_FAILED;
    return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_DONE;
}
