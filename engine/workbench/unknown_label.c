// SPDX-License-Identifier: BSD-2-Clause
#include "unknown_label.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LIST_SIZE = 200 };

/* The next letter or digit, in lower case; 0 at the end. */
static int next_of(const char **text)
{
    while (**text && !isalnum((unsigned char)**text))
        (*text)++;
    return **text ? tolower((unsigned char)*(*text)++) : 0;
}

static bool is_nearly(const char *a, const char *b)
{
    int letter;

    do {
        letter = next_of(&a);
        if (letter != next_of(&b))
            return false;
    } while (letter);
    return true;
}

int unknown_label(const char *label, const struct q8_class *classes, uint32_t count,
                  struct error *error)
{
    char list[LIST_SIZE] = "";
    size_t length = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (is_nearly(label, classes[i].name))
            return error_set(error, -EINVAL,
                             "label '%.80s' is no class of the model, but '%s' is: write it so in "
                             "the rows",
                             label, classes[i].name);
        if (length < sizeof(list))
            length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", i ? ", " : "",
                                       classes[i].name);
    }
    return error_set(error, -EINVAL,
                     "label '%.80s' is no class of the model (leave it empty where the class isn't "
                     "known); there are %s",
                     label, list);
}
