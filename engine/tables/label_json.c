// SPDX-License-Identifier: BSD-2-Clause
/* Tables that are lines of JSON: Zeek's, whose every line is a row, and Suricata's EVE, where an
 * alert and the flow it is about are lines of their own. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "label_source_private.h"

/* The member of that name, "flow.start" also as start in flow. */
static const json_t *member(const json_t *object, const char *name)
{
    const json_t *found = json_object_get(object, name);
    const char *dot = strchr(name, '.');
    char outer[32];

    if (found || !dot || (size_t)(dot - name) >= sizeof(outer))
        return found;
    memcpy(outer, name, (size_t)(dot - name));
    outer[dot - name] = '\0';
    return json_object_get(json_object_get(object, outer), dot + 1);
}

static const char *text_of(const json_t *value, char text[LABEL_TEXT_MAX])
{
    text[0] = '\0';
    if (json_is_string(value))
        snprintf(text, LABEL_TEXT_MAX, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(text, LABEL_TEXT_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, LABEL_TEXT_MAX, "%.6f", json_real_value(value));
    return text[0] ? text : NULL;
}

static void take_cells(struct label_source *source, const json_t *object)
{
    for (int c = 0; c < COLUMNS; c++) {
        source->cell[c] = NULL;
        for (int n = 0; n < COLUMN_NAMES && !source->cell[c]; n++) {
            const char *name = source->preset->names[c][n];

            if (c == COLUMN_LABEL && source->options->column)
                name = n == 0 ? source->options->column : NULL;
            if (!name)
                continue;
            source->cell[c] = text_of(member(object, name), source->text[c]);
            source->name[c] = name;
        }
    }
}

/* The next line's object, NULL at the end or with `*status`. */
static json_t *next_object(struct label_source *source, int *status, struct error *error)
{
    struct csv *csv = &source->csv;
    json_error_t why;

    do {
        *status = source->in_hand ? 1 : csv_next_line(csv, error);
        source->in_hand = false;
    } while (*status == 1 && *csv->line == '\0');
    if (*status != 1)
        return NULL;
    json_t *object = json_loads(csv->line, JSON_ALLOW_NUL, &why);
    if (json_is_object(object))
        return object;
    json_decref(object);
    *status = error_set(error, -EINVAL, "%s: line %llu: not an object of JSON (%.80s)", csv->path,
                        (unsigned long long)csv->number, why.text);
    return NULL;
}

int label_json_next(struct label_source *source, struct error *error)
{
    int status;
    json_t *object = next_object(source, &status, error);

    if (!object)
        return status;
    take_cells(source, object);
    json_decref(object);
    return 1;
}

/* What a flow's alert and its flow record say together. */
struct eve_flow {
    uint64_t id; /* 0: none, then it has no other line */
    struct label_row row;
    char *label; /* NULL: no alert so far */
    bool known;  /* of an IP protocol that is known */
};

struct eve {
    struct eve_flow *flows;
    uint32_t count;
    uint32_t room;
    uint32_t *heads; /* flow + 1, open addressing; a power of two, at most half full */
    uint32_t head_count;
    uint32_t next; /* to hand out */
};

static uint32_t *find_head(const struct eve *eve, uint64_t id)
{
    uint64_t at = id * UINT64_C(0x9e3779b97f4a7c15) >> 32;

    while (eve->heads[at & (eve->head_count - 1)] != 0 &&
           eve->flows[eve->heads[at & (eve->head_count - 1)] - 1].id != id)
        at++;
    return &eve->heads[at & (eve->head_count - 1)];
}

static int grow(struct eve *eve, struct error *error)
{
    uint32_t room = eve->room ? eve->room * 2 : 1024;
    void *flows = NULL;
    uint32_t *heads = NULL;

    if (room <= UINT32_MAX / 4) {
        flows = reallocarray(eve->flows, room, sizeof(*eve->flows));
        heads = calloc((size_t)room * 2, sizeof(*heads));
    }
    if (flows)
        eve->flows = flows;
    if (!flows || !heads) {
        free(heads);
        return error_set(error, -ENOMEM, "no memory for %u alerts and flows", room);
    }
    free(eve->heads);
    eve->heads = heads;
    eve->head_count = room * 2;
    eve->room = room;
    for (uint32_t i = 0; i < eve->count; i++) {
        if (eve->flows[i].id)
            *find_head(eve, eve->flows[i].id) = i + 1;
    }
    return 0;
}

/* The flow of that id, begun where it isn't known. */
static struct eve_flow *flow_of(struct eve *eve, uint64_t id)
{
    uint32_t *head = id ? find_head(eve, id) : NULL;

    if (head && *head)
        return &eve->flows[*head - 1];
    struct eve_flow *flow = &eve->flows[eve->count++];
    memset(flow, 0, sizeof(*flow));
    flow->id = id;
    if (head)
        *head = eve->count;
    return flow;
}

/* One line: the first alert of a flow names it, its record bounds it in time. An alert without a
 * record holds from the flow's start on. */
static int take_event(struct label_source *source, const json_t *object, struct error *error)
{
    const char *type = json_string_value(json_object_get(object, "event_type"));
    bool record = type && strcmp(type, "flow") == 0;
    struct label_row row;

    if (!record && (!type || strcmp(type, "alert") != 0))
        return 0;
    if (source->eve->count == source->eve->room) {
        int err = grow(source->eve, error);
        if (err)
            return err;
    }
    take_cells(source, object);
    int status = label_row_parse(&row, source, error);
    if (status < 0)
        return status;
    json_int_t id = json_integer_value(json_object_get(object, "flow_id"));
    struct eve_flow *flow = flow_of(source->eve, (uint64_t)id);
    if (record || !flow->known)
        flow->row = row;
    flow->known = status == 0;
    if (record)
        return 0;
    if (!flow->label &&
        !(flow->label = strdup(source->cell[COLUMN_LABEL] ? source->cell[COLUMN_LABEL] : "")))
        return error_set(error, -ENOMEM, "no memory for labels");
    return 0;
}

static int read_events(struct label_source *source, struct error *error)
{
    json_t *object;
    int status;

    source->eve = calloc(1, sizeof(*source->eve));
    if (!source->eve)
        return error_set(error, -ENOMEM, "no memory for alerts");
    while ((object = next_object(source, &status, error)) != NULL) {
        status = take_event(source, object, error);
        json_decref(object);
        if (status < 0)
            return status;
    }
    return status;
}

int label_eve_next(struct label_source *source, struct label_row *row, const char **label,
                   struct error *error)
{
    int err = source->eve ? 0 : read_events(source, error);

    if (err < 0)
        return err;
    struct eve *eve = source->eve;
    while (eve->next < eve->count && !eve->flows[eve->next].label)
        eve->next++;
    if (eve->next == eve->count)
        return 0;
    const struct eve_flow *flow = &eve->flows[eve->next++];
    *row = flow->row;
    *label = flow->label;
    return flow->known ? 1 : 2;
}

void label_eve_free(struct eve *eve)
{
    if (!eve)
        return;
    for (uint32_t i = 0; i < eve->count; i++)
        free(eve->flows[i].label);
    free(eve->flows);
    free(eve->heads);
    free(eve);
}
