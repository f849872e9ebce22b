// SPDX-License-Identifier: BSD-2-Clause
#include "option.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_text {
    struct option_text *next;
    char text[];
};

const char *option_name_bits(uint32_t *bits, const char *text, const char *const *names)
{
    uint32_t made = 0;

    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        uint32_t i = 0;

        while (names[i] && (strlen(names[i]) != length || memcmp(names[i], at, length) != 0))
            i++;
        if (!names[i])
            return at;
        made |= 1u << i;
        at += length;
        if (!*at) {
            *bits = made;
            return NULL;
        }
    }
}

int option_number(const char *text, const char *what, uint64_t least, uint64_t most,
                  uint64_t *value, struct error *error)
{
    char *end = NULL;

    errno = 0;
    uint64_t number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0')
        return error_set(error, -EINVAL, "%s %.80s: not a whole number", what, text);
    if (errno || number < least || number > most)
        return error_set(error, -EINVAL, "%s %.80s: allowed are %" PRIu64 " to %" PRIu64, what,
                         text, least, most);
    *value = number;
    return 0;
}

static void *member(const struct option_values *values, const struct option_spec *spec)
{
    return (char *)values->target + spec->offset;
}

static int set_number(const struct option_values *values, const struct option_spec *spec,
                      const char *name, const char *value, struct error *error)
{
    uint64_t number;
    int status = option_number(value, name, spec->least, spec->most, &number, error);

    if (status == 0) /* the machine is little-endian: q8_layout.h asserts it */
        memcpy(member(values, spec), &number, spec->size);
    return status;
}

static int set_choice(const struct option_values *values, const struct option_spec *spec,
                      const char *name, const char *value, struct error *error)
{
    char known[160] = "";

    for (int i = 0; spec->choices[i]; i++) {
        if (strcmp(spec->choices[i], value) == 0) {
            memcpy(member(values, spec), &i, sizeof(i));
            return 0;
        }
        strncat(known, i ? ", " : "", sizeof(known) - strlen(known) - 1);
        strncat(known, spec->choices[i], sizeof(known) - strlen(known) - 1);
    }
    return error_set(error, -EINVAL, "%s %.80s: should be one of %s", name, value, known);
}

static int set_flag(const struct option_values *values, const struct option_spec *spec,
                    const char *name, const char *value, struct error *error)
{
    bool yes = *value == '\0' || strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0)
        return error_set(error, -EINVAL, "%s %.80s: should be yes or no", name, value);
    *(bool *)member(values, spec) = yes;
    return 0;
}

/* A copy that lives as long as the values. */
static const char *keep(struct option_values *values, const char *text)
{
    size_t size = strlen(text) + 1;
    struct option_text *kept = malloc(sizeof(*kept) + size);

    if (!kept)
        return NULL;
    memcpy(kept->text, text, size);
    kept->next = values->texts;
    values->texts = kept;
    return kept->text;
}

static int store(struct option_values *values, const struct option_spec *spec, const char *value,
                 struct error *error)
{
    char name[64] = "--";

    strncat(name, spec->name, sizeof(name) - 3);
    switch (spec->type) {
    case OPTION_FLAG:
        return set_flag(values, spec, name, value, error);
    case OPTION_NUMBER:
        return set_number(values, spec, name, value, error);
    case OPTION_CHOICE:
        return set_choice(values, spec, name, value, error);
    default:
        break;
    }
    const char *kept = keep(values, value);
    if (!kept)
        return error_set(error, -ENOMEM, "no memory for %s", name);
    if (spec->type == OPTION_OTHER)
        return spec->parse(values->target, kept, error);
    *(const char **)member(values, spec) = kept;
    return 0;
}

void option_values_init(struct option_values *values, const struct option_spec *table, void *target)
{
    *values = (struct option_values){.table = table, .target = target};
    for (const struct option_spec *spec = table; spec->name; spec++) {
        struct error error;

        assert(spec - table < OPTIONS_MAX);
        if (spec->initial && spec->type != OPTION_TEXT && spec->type != OPTION_OTHER &&
            store(values, spec, spec->initial, &error) != 0)
            abort(); /* the table is wrong, not the user */
    }
}

void option_values_free(struct option_values *values)
{
    while (values->texts) {
        struct option_text *next = values->texts->next;

        free(values->texts);
        values->texts = next;
    }
}

const struct option_spec *option_find(const struct option_spec *table, const char *name)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

int option_set(struct option_values *values, const struct option_spec *spec, const char *value,
               struct error *error)
{
    int status = store(values, spec, value, error);

    if (status == 0)
        values->given[spec - values->table] = true;
    return status;
}

bool option_given(const struct option_values *values, const char *name)
{
    const struct option_spec *spec = option_find(values->table, name);

    return spec && values->given[spec - values->table];
}

/* Whether a flag is set; anything else counts as soon as it was given. */
static bool in_force(const struct option_values *values, const struct option_spec *spec)
{
    return values->given[spec - values->table] &&
           (spec->type != OPTION_FLAG || *(const bool *)member(values, spec));
}

static int check_conflicts_of(const struct option_values *values, const struct option_spec *spec,
                              struct error *error)
{
    char names[256];
    char *rest = names;

    snprintf(names, sizeof(names), "%s", spec->conflicts);
    for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        const struct option_spec *other = option_find(values->table, name);

        if (other && in_force(values, other))
            return error_set(error, -EINVAL, "--%s and --%s: only one of them", spec->name, name);
    }
    return 0;
}

static int check_need_of(const struct option_values *values, const struct option_spec *spec,
                         struct error *error)
{
    const struct option_spec *needed = option_find(values->table, spec->needs);

    if (needed && !in_force(values, needed))
        return error_set(error, -EINVAL, "--%s has no meaning without --%s", spec->name,
                         spec->needs);
    return 0;
}

int option_check_conflicts(const struct option_values *values, struct error *error)
{
    int status = 0;

    for (const struct option_spec *spec = values->table; status == 0 && spec->name; spec++) {
        if (spec->conflicts && in_force(values, spec))
            status = check_conflicts_of(values, spec, error);
        if (status == 0 && spec->needs && in_force(values, spec))
            status = check_need_of(values, spec, error);
    }
    return status;
}
