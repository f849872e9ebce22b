// SPDX-License-Identifier: BSD-2-Clause
#include "memory_room.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 512, LINE_MOST = 4096 };

/* A limit of cgroups. What a memory cgroup uses contains files' pages, which give way. */
struct control {
    bool v2;
    enum kind { ORDINARY, HUGE, GIGANTIC } kind;
    const char *controller; /* of v1 */
    const char *limit, *usage;
    const char *gives_way[2]; /* in memory.stat */
};

/* Of pages in use, and of pages promised to mappings. */
#define HUGETLB(kind, size)                                                                        \
    {false, kind, "hugetlb", "hugetlb." size ".limit_in_bytes", "hugetlb." size ".usage_in_bytes", \
     {NULL}},                                                                                      \
        {false,                                                                                    \
         kind,                                                                                     \
         "hugetlb",                                                                                \
         "hugetlb." size ".rsvd.limit_in_bytes",                                                   \
         "hugetlb." size ".rsvd.usage_in_bytes",                                                   \
         {NULL}},                                                                                  \
        {true, kind, "", "hugetlb." size ".max", "hugetlb." size ".current", {NULL}},              \
    {                                                                                              \
        true, kind, "", "hugetlb." size ".rsvd.max", "hugetlb." size ".rsvd.current",              \
        {                                                                                          \
            NULL                                                                                   \
        }                                                                                          \
    }

static const struct control controls[] = {
    {false,
     ORDINARY,
     "memory",
     "memory.limit_in_bytes",
     "memory.usage_in_bytes",
     {"total_inactive_file", "total_active_file"}},
    {true, ORDINARY, "", "memory.max", "memory.current", {"inactive_file", "active_file"}},
    {true, ORDINARY, "", "memory.high", "memory.current", {"inactive_file", "active_file"}},
    HUGETLB(HUGE, "2MB"),
    HUGETLB(GIGANTIC, "1GB"),
};

/* The folder of a cgroup, below `top` bytes of which there is nothing more to see. */
struct place {
    char folder[2 * NAME_MOST + PATH_MAX];
    size_t top;
};

static FILE *open_text(const char *folder, const char *name)
{
    char path[sizeof(((struct place *)0)->folder) + NAME_MOST];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return fopen(path, "re");
}

/* The number behind `key` at a line's begin ("": the file has but one). */
static bool number_of(const char *folder, const char *name, const char *key, uint64_t *value)
{
    FILE *file = open_text(folder, name);
    char line[256];
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file)) {
        size_t length = strlen(key);

        found = strncmp(line, key, length) == 0 && strchr(" 0123456789", line[length]) &&
                sscanf(line + length, "%" SCNu64, value) == 1;
    }
    if (file)
        fclose(file);
    return found;
}

/* "memory" among "cpu,memory". */
static bool names(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        if (strcspn(at, ",") == length && strncmp(at, word, length) == 0)
            return true;
    }
    return false;
}

/* The cgroup's path, from "7:cpu,memory:/a/b" or "0::/a/b". */
static bool find_path(const char *root, const struct control *control, char path[NAME_MOST])
{
    FILE *file = open_text(root, "proc/self/cgroup");
    char line[LINE_MOST];
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file)) {
        char *list = strchr(line, ':');
        char *at = list ? strchr(list + 1, ':') : NULL;

        if (!at)
            continue;
        *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        found = control->v2 ? strncmp(line, "0:", 2) == 0 && list[1] == '\0'
                            : names(list + 1, control->controller);
        if (found)
            snprintf(path, NAME_MOST, "%.*s", NAME_MOST - 1, at);
    }
    if (file)
        fclose(file);
    return found;
}

/* "36 25 0:31 /ROOT /MOUNTPOINT OPTIONS ... - cgroup2 SOURCE OPTIONS" */
static bool is_mount(char *line, const struct control *control, char from[NAME_MOST],
                     char at[NAME_MOST])
{
    char type[32], options[NAME_MOST];
    const char *rest = strstr(line, " - ");

    if (!rest || sscanf(line, "%*s %*s %*s %511s %511s", from, at) != 2 ||
        sscanf(rest, " - %31s %*s %511s", type, options) != 2)
        return false;
    return control->v2 ? strcmp(type, "cgroup2") == 0
                       : strcmp(type, "cgroup") == 0 && names(options, control->controller);
}

/* A container may see its own cgroup as a mount's top, and its path from another namespace. */
static bool find_place(const char *root, const struct control *control, struct place *place)
{
    char path[NAME_MOST], from[NAME_MOST], at[NAME_MOST], line[LINE_MOST];
    FILE *file = find_path(root, control, path) ? open_text(root, "proc/self/mountinfo") : NULL;
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file))
        found = is_mount(line, control, from, at);
    if (file)
        fclose(file);
    if (!found)
        return false;
    size_t shared = strcmp(from, "/") == 0 ? 0 : strlen(from);
    bool below = strncmp(path, from, shared) == 0 && strncmp(path, "/..", 3) != 0;
    int top = snprintf(place->folder, sizeof(place->folder), "%s%s", root, at);
    place->top = (size_t)top;
    snprintf(place->folder + top, sizeof(place->folder) - (size_t)top, "%s",
             below ? path + shared : "");
    return true;
}

static void look(struct memory_room *room, const struct control *control, const char *folder,
                 const char *shown)
{
    uint64_t limit, usage = 0, part, gives_way = 0;

    if (!number_of(folder, control->limit, "", &limit))
        return;
    (void)number_of(folder, control->usage, "", &usage);
    for (int i = 0; i < 2 && control->gives_way[i]; i++) {
        if (number_of(folder, "memory.stat", control->gives_way[i], &part))
            gives_way += part;
    }
    usage = usage > gives_way ? usage - gives_way : 0;
    uint64_t left = limit > usage ? limit - usage : 0;
    if (control->kind != ORDINARY) {
        uint64_t *bytes = control->kind == HUGE ? &room->huge_bytes : &room->gigantic_bytes;

        *bytes = left < *bytes ? left : *bytes;
    } else if (left < room->bytes) {
        room->bytes = left;
        snprintf(room->whose, sizeof(room->whose), "%.180s/%s of %" PRIu64 " MiB", shown,
                 control->limit, limit >> 20);
    }
}

/* A limit holds for all that is below it. */
static void look_up(struct memory_room *room, const char *root, const struct control *control)
{
    struct place place;
    char *slash;

    if (!find_place(root, control, &place))
        return;
    for (;;) {
        look(room, control, place.folder, place.folder + strlen(root));
        slash = strrchr(place.folder + place.top, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

#define OF_1_GIB "sys/kernel/mm/hugepages/hugepages-1048576kB/"

void memory_room_read(struct memory_room *room, const char *root)
{
    uint64_t available, free_pages = 0, reserved = 0, page = 0;

    *room = (struct memory_room){.bytes = UINT64_MAX};
    if (number_of(root, "proc/meminfo", "MemAvailable:", &available)) {
        room->bytes = available * 1024;
        snprintf(room->whose, sizeof(room->whose), "MemAvailable of /proc/meminfo");
    }
    if (number_of(root, "proc/meminfo", "HugePages_Free:", &free_pages) &&
        number_of(root, "proc/meminfo", "HugePages_Rsvd:", &reserved) &&
        number_of(root, "proc/meminfo", "Hugepagesize:", &page) && page == 2048 &&
        free_pages > reserved)
        room->huge_bytes = (free_pages - reserved) << 21;
    if (number_of(root, OF_1_GIB "free_hugepages", "", &free_pages) &&
        number_of(root, OF_1_GIB "resv_hugepages", "", &reserved) && free_pages > reserved)
        room->gigantic_bytes = (free_pages - reserved) << 30;
    for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
        look_up(room, root, &controls[i]);
}
