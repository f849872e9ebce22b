// SPDX-License-Identifier: BSD-2-Clause
/* prefix_lookup LIST: for each line of standard input, an address, 1 or 0: whether it lies in one
 * of the list's prefixes. For prefix_model_test.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix_list.h"

static uint32_t read_most; /* elements for one address */
static uint32_t read_now;

static const union prefix_element *at(const void *set, uint32_t place)
{
    read_now++;
    return (const union prefix_element *)set + place;
}

int main(int argc, char **argv)
{
    struct prefix_list list = {.count = 0};
    union prefix_element *set = NULL;
    struct error error = {""};
    char line[PREFIX_TEXT_MAX];
    uint32_t count;

    if (argc != 2 || prefix_list_add_text(&list, argv[1], "list", &error) != 0 ||
        prefix_set_new(&set, &count, &list, &error) != 0) {
        fprintf(stderr, "prefix_lookup: %s\n", error.text);
        prefix_list_free(&list);
        return 2;
    }
    while (fgets(line, sizeof(line), stdin)) {
        struct prefix prefix;

        if (prefix_parse(&prefix, line, strcspn(line, "\n"), &error) != 0)
            break;
        const struct prefix_address address = {prefix.high, prefix.low, prefix.version};
        read_now = 0;
        puts(prefix_set_has(set, at, &address) ? "1" : "0");
        read_most = read_now > read_most ? read_now : read_most;
    }
    fprintf(stderr, "%u prefixes, %u elements, at most %u read\n", list.count, count, read_most);
    free(set);
    prefix_list_free(&list);
    return 0;
}
