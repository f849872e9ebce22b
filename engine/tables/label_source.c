// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "label_source_private.h"

const char *const labels_format_names[] = {"auto", "own",  "zeek",  "eve",
                                           "cic",  "unsw", "argus", NULL};

const char *const labels_unit_names[] = {"s", "ms", "us", "ns", NULL};

int labels_parse_zone(struct labels_options *options, const char *value, struct error *error)
{
    if (label_zone_parse(value, &options->zone))
        return 0;
    return error_set(error, -EINVAL, "--label-zone '%.40s': should be UTC or as -03:00", value);
}

int labels_parse_offset(struct labels_options *options, const char *value, struct error *error)
{
    const struct label_clock clock = {.unit = 1000000000};
    struct label_time time;

    if (!label_time_parse(value, &clock, &time) || strpbrk(value, "/:"))
        return error_set(error, -EINVAL, "--label-offset '%.40s': should be seconds, as -3600",
                         value);
    options->offset = time.time;
    return 0;
}

static const struct label_preset presets[] = {
    [LABELS_OWN] = {.names = {{"start"},
                              {"end"},
                              {NULL},
                              {"protocol"},
                              {"source"},
                              {"destination"},
                              {"source_port"},
                              {"destination_port"},
                              {"source_mac"},
                              {"destination_mac"},
                              {"label"}},
                    .duration_unit = 1000000000,
                    .own = true},
    [LABELS_ZEEK] = {.names = {{"ts"},
                               {NULL},
                               {"duration"},
                               {"proto"},
                               {"id.orig_h"},
                               {"id.resp_h"},
                               {"id.orig_p"},
                               {"id.resp_p"},
                               {NULL},
                               {NULL},
                               {"label"}},
                     .duration_unit = 1000000000},
    [LABELS_EVE] = {.names = {{"flow.start", "timestamp"},
                              {"flow.end"},
                              {NULL},
                              {"proto"},
                              {"src_ip"},
                              {"dest_ip"},
                              {"src_port"},
                              {"dest_port"},
                              {NULL},
                              {NULL},
                              {"alert.category", "alert.signature"}},
                    .duration_unit = 1000000000},
    [LABELS_CIC] = {.names = {{"Timestamp"},
                              {NULL},
                              {"Flow Duration"},
                              {"Protocol"},
                              {"Source IP", "Src IP"},
                              {"Destination IP", "Dst IP"},
                              {"Source Port", "Src Port"},
                              {"Destination Port", "Dst Port"},
                              {NULL},
                              {NULL},
                              {"Label"}},
                    .duration_unit = 1000,
                    .afternoon = true},
    [LABELS_UNSW] = {.names = {{"Stime", "Start time"},
                               {"Ltime", "Last time"},
                               {NULL},
                               {"proto", "Protocol"},
                               {"srcip", "Source IP"},
                               {"dstip", "Destination IP"},
                               {"sport", "Source Port"},
                               {"dsport", "Destination Port"},
                               {NULL},
                               {NULL},
                               {"attack_cat", "Attack category"}},
                     .duration_unit = 1000000000,
                     .otherwise = "Normal"},
    [LABELS_ARGUS] = {.names = {{"StartTime"},
                                {"LastTime"},
                                {"Dur"},
                                {"Proto"},
                                {"SrcAddr"},
                                {"DstAddr"},
                                {"Sport"},
                                {"Dport"},
                                {NULL},
                                {NULL},
                                {"Label"}},
                      .duration_unit = 1000000000},
};

/* UNSW-NB15's four large files have their names in a file of their own. */
enum { UNSW_COLUMNS = 49 };

static const char *const unsw_header[UNSW_COLUMNS] = {
    [0] = "srcip",  [1] = "sport",  [2] = "dstip",       [3] = "dsport", [4] = "proto",
    [28] = "Stime", [29] = "Ltime", [47] = "attack_cat", [48] = "Label",
};

static bool is_unsw_without_header(const char *line)
{
    uint32_t commas = 0;

    for (const char *p = line; *p; p++)
        commas += *p == ',';
    return commas == UNSW_COLUMNS - 1 && *line >= '0' && *line <= '9';
}

static enum labels_format recognise(const char *line)
{
    if (*line == '{')
        return strstr(line, "\"event_type\"") ? LABELS_EVE : LABELS_ZEEK;
    if (*line == '#')
        return LABELS_ZEEK;
    if (strcasestr(line, "Flow Duration"))
        return LABELS_CIC;
    if (strcasestr(line, "SrcAddr"))
        return LABELS_ARGUS;
    if (strcasestr(line, "srcip") || strcasestr(line, "Attack category") ||
        is_unsw_without_header(line))
        return LABELS_UNSW;
    return LABELS_OWN;
}

static int find_column(const struct csv *csv, const char *name)
{
    for (uint32_t i = 0; i < csv->columns; i++) {
        if (csv->names[i] && strcasecmp(csv->names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static void find_columns(struct label_source *source)
{
    for (int c = 0; c < COLUMNS; c++) {
        source->column[c] = -1;
        for (int n = 0; n < COLUMN_NAMES && source->column[c] < 0; n++) {
            const char *name = source->preset->names[c][n];

            if (c == COLUMN_LABEL && source->options->column)
                name = n == 0 ? source->options->column : NULL;
            if (!name)
                continue;
            source->column[c] = find_column(&source->csv, name);
            source->name[c] = name;
        }
    }
}

static int check_columns(const struct label_source *source, struct error *error)
{
    const struct csv *csv = &source->csv;

    if (source->column[COLUMN_LABEL] < 0)
        return error_set(error, -EINVAL,
                         "%s: line 1: column '%.40s' is missing: say which has the class with "
                         "--label-column",
                         csv->path,
                         source->options->column ? source->options->column
                                                 : source->preset->names[COLUMN_LABEL][0]);
    for (uint32_t i = 0; i < csv->columns && source->preset->own; i++) {
        int c = 0;

        while (c < COLUMNS && source->column[c] != (int)i)
            c++;
        if (c == COLUMNS) /* a misspelt column would match anything */
            return error_set(error, -EINVAL,
                             "%s: line 1: unknown column '%.40s'; there are start, end, protocol, "
                             "source, destination, source_port, destination_port, source_mac, "
                             "destination_mac, label",
                             csv->path, csv->names[i]);
    }
    return 0;
}

/* Zeek's tables: lines that begin with # tell the separator and the names. IoT-23's last three
 * columns stand three blanks apart. */
static void split_blanks(struct csv *csv)
{
    for (char *p = strstr(csv->line, "   "); p; p = strstr(p, "   ")) {
        *p = csv->separator;
        memmove(p + 1, p + 3, strlen(p + 3) + 1);
    }
}

static int zeek_header(struct label_source *source, struct error *error)
{
    struct csv *csv = &source->csv;
    int status = 1;

    csv->separator = '\t';
    while (status == 1 && strncmp(csv->line, "#fields", 7) != 0) {
        if (strncmp(csv->line, "#separator \\x", 13) == 0)
            csv->separator = (char)strtol(csv->line + 13, NULL, 16);
        status = csv_next_line(csv, error);
    }
    if (status < 0)
        return status;
    char separator = csv->separator;
    if (status == 0 || separator == '\0')
        return error_set(error, -EINVAL, "%s: no line '#fields': not a table of Zeek's", csv->path);
    split_blanks(csv);
    memmove(csv->line, csv->line + 8, strlen(csv->line + 7));
    int err = csv_take_header(csv, true, error);
    csv->separator = separator;
    return err;
}

static int open_table(struct label_source *source, struct error *error)
{
    struct csv *csv = &source->csv;
    int err = 0;

    if (source->format == LABELS_UNSW && is_unsw_without_header(csv->line)) {
        csv_set_header(csv, unsw_header, UNSW_COLUMNS);
        source->in_hand = true;
    } else {
        err = source->format == LABELS_ZEEK ? zeek_header(source, error)
                                            : csv_take_header(csv, !source->preset->own, error);
    }
    if (err)
        return err;
    find_columns(source);
    if (source->preset->own && csv_column(csv, "index") >= 0)
        return 0;
    return check_columns(source, error);
}

int label_source_open(struct label_source *source, const struct labels_options *options,
                      struct error *error)
{
    static const int64_t units[] = {1000000000, 1000000, 1000, 1};

    memset(source, 0, sizeof(*source));
    source->options = options;
    int err = csv_open_raw(&source->csv, options->path, error);
    if (err)
        return err;
    source->format =
        options->format ? (enum labels_format)options->format : recognise(source->csv.line);
    source->preset = &presets[source->format];
    source->clock = (struct label_clock){.unit = units[options->unit],
                                         .zone = options->zone,
                                         .afternoon = source->preset->afternoon};
    source->json = source->in_hand = *source->csv.line == '{';
    if (!source->json)
        err = open_table(source, error);
    if (err)
        label_source_close(source);
    return err;
}

bool label_source_is_indexed(const struct label_source *source)
{
    return source->preset->own && csv_column(&source->csv, "index") >= 0;
}

/* Cells that say nothing: empty, Zeek's and others' signs for it. */
static const char *cell_of(const struct label_source *source, const char *text)
{
    if (source->preset->own)
        return *text ? text : NULL;
    return !*text || strcmp(text, "-") == 0 || strcmp(text, "(empty)") == 0 ? NULL : text;
}

/* The next row of a table in csv->fields: 1, 0, -errno. */
static int next_fields(struct label_source *source, struct error *error)
{
    struct csv *csv = &source->csv;

    if (source->in_hand) {
        source->in_hand = false;
        return csv_split(csv, error) < 0 ? -EINVAL : 1;
    }
    if (source->format != LABELS_ZEEK)
        return csv_next(csv, error);
    int status;
    do {
        status = csv_next_line(csv, error);
    } while (status == 1 && (*csv->line == '#' || *csv->line == '\0'));
    if (status != 1)
        return status;
    split_blanks(csv);
    int count = csv_split(csv, error);
    if (count >= 0 && (uint32_t)count != csv->columns)
        return error_set(error, -EINVAL, "%s: line %llu has %d fields, the header has %u",
                         csv->path, (unsigned long long)csv->number, count, csv->columns);
    return count < 0 ? count : 1;
}

static int next_table(struct label_source *source, struct error *error)
{
    int status = next_fields(source, error);

    for (int c = 0; c < COLUMNS && status == 1; c++) {
        int at = source->column[c];

        source->cell[c] = NULL;
        if (at < 0)
            continue;
        const char *text = source->csv.fields[at];
        source->cell[c] = cell_of(source, source->preset->own ? text : csv_trim((char *)text));
    }
    return status;
}

int label_source_next(struct label_source *source, struct label_row *row, const char **label,
                      struct error *error)
{
    if (source->format == LABELS_EVE)
        return label_eve_next(source, row, label, error);
    int status = source->json ? label_json_next(source, error) : next_table(source, error);
    if (status != 1)
        return status;
    *label = source->cell[COLUMN_LABEL];
    if (!*label)
        *label = source->preset->otherwise ? source->preset->otherwise : "";
    int parsed = label_row_parse(row, source, error);
    return parsed == 0 ? 1 : parsed;
}

void label_source_close(struct label_source *source)
{
    label_eve_free(source->eve);
    csv_close(&source->csv);
}
