// SPDX-License-Identifier: BSD-2-Clause
#include "json_text.h"

#include <string.h>

enum { CELL = 64, NAME_WIDTH = 24, DEPTH_MAX = 8 };

static void cell_of(char cell[CELL], const json_t *value)
{
    if (json_is_string(value))
        snprintf(cell, CELL, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(cell, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(cell, CELL, "%.3f", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(cell, CELL, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(cell, CELL, "-");
    for (char *c = cell; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
}

static int width_of(const json_t *rows, const char *name)
{
    size_t width = strlen(name);

    for (size_t i = 0; i < json_array_size(rows); i++) {
        char cell[CELL];

        cell_of(cell, json_object_get(json_array_get(rows, i), name));
        if (strlen(cell) > width)
            width = strlen(cell);
    }
    return (int)width;
}

static void print_row(FILE *file, const json_t *rows, const json_t *row)
{
    json_t *columns = json_array_get(rows, 0);
    size_t left = json_object_size(columns);
    const char *name;
    json_t *value;

    json_object_foreach(columns, name, value)
    {
        const json_t *cell_value = row ? json_object_get(row, name) : NULL;
        char cell[CELL];

        if (row)
            cell_of(cell, cell_value);
        else
            snprintf(cell, sizeof(cell), "%s", name);
        bool padded = --left > 0 || json_is_number(value);
        int width = padded ? width_of(rows, name) : 0;
        fprintf(file, json_is_number(value) ? "  %*s" : "  %-*s", width, cell);
    }
    fputc('\n', file);
}

static void print_members(FILE *file, const json_t *object, int depth)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        char cell[CELL];

        if (json_is_object(value) && depth < DEPTH_MAX) {
            fprintf(file, "%*s%s\n", 2 * depth, "", name);
            print_members(file, value, depth + 1);
        } else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
            fprintf(file, "%*s%s\n", 2 * depth, "", name);
            print_row(file, value, NULL);
            for (size_t i = 0; i < json_array_size(value); i++)
                print_row(file, value, json_array_get(value, i));
        } else {
            cell_of(cell, value);
            fprintf(file, "%*s%-*s %s\n", 2 * depth, "", NAME_WIDTH - 2 * depth, name, cell);
        }
    }
}

void json_text_print(FILE *file, const json_t *value)
{
    char cell[CELL];

    if (json_is_object(value)) {
        print_members(file, value, 0);
        return;
    }
    cell_of(cell, value);
    if (cell[0])
        fprintf(file, "%s\n", cell);
}

void json_text_print_answer(FILE *file, json_t *answer, bool as_json)
{
    if (as_json) {
        (void)json_dumpf(answer, file, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        fputc('\n', file);
        return;
    }
    (void)json_object_del(answer, "row");
    json_text_print(file, answer);
}
