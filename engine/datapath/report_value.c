// SPDX-License-Identifier: BSD-2-Clause
#include "report_value.h"

#include <stdlib.h>

#include "utf8.h"

static _Thread_local bool lacks;

json_t *report_text(const char *bytes)
{
    char *text = utf8_from_bytes(bytes);
    json_t *value = text ? json_string(text) : NULL;

    free(text);
    return value;
}

void report_put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        lacks = true;
}

void report_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        lacks = true;
}

void report_number(json_t *object, const char *name, uint64_t value)
{
    report_put(object, name, json_integer((json_int_t)value));
}

bool report_lacks(void)
{
    bool so_far = lacks;

    lacks = false;
    return so_far;
}
