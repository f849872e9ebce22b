// SPDX-License-Identifier: BSD-2-Clause
/* Lists of prefixes as anybody may have written them: read, made into a set, and looked up in. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "prefix_list.h"

enum { TEXT_MOST = 4096 };

static const union prefix_element *at(const void *set, uint32_t place)
{
    return (const union prefix_element *)set + place;
}

static void look_up(const struct prefix_list *list)
{
    union prefix_element *set;
    uint32_t count;

    if (prefix_set_new(&set, &count, list, NULL) != 0)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct prefix *prefix = &list->prefix[i];
        const struct prefix_address address = {prefix->high, prefix->low, prefix->version};

        MUST(prefix_set_has(set, at, &address));
    }
    free(set);
}

static void read_text(const char *text)
{
    struct prefix_list list = {.count = 0};
    struct error error = {""};

    if (prefix_list_add_text(&list, text, "fuzz", &error) == 0)
        look_up(&list);
    else
        MUST(error.text[0] && list.count == 0);
    prefix_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MOST + 1], place[32];
    int file = memfd_create("prefixes", MFD_CLOEXEC);

    size = size < TEXT_MOST ? size : TEXT_MOST;
    MUST(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(place, sizeof(place), "@/proc/self/fd/%d", file);
    read_text(place);
    close(file);
    memcpy(text, data, size);
    text[size] = 0;
    if (text[0] != '@')
        read_text(text);
    return 0;
}
