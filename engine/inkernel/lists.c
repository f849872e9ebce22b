// SPDX-License-Identifier: BSD-2-Clause
#include "lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

struct lists {
    int map; /* of maps */
};

/* An array as the programs' inner maps are. */
static int make_array(uint32_t elements)
{
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
    int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "afxdp_prefixes", sizeof(uint32_t),
                             sizeof(union prefix_element), elements, &options);

    return map < 0 ? -errno : map;
}

int lists_open(struct lists **out, struct error *error)
{
    LIBBPF_OPTS(bpf_map_create_opts, options);
    struct lists *lists = calloc(1, sizeof(*lists));
    int inner = make_array(1);

    if (lists && inner >= 0) {
        options.inner_map_fd = (uint32_t)inner;
        lists->map = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "address_lists", sizeof(uint32_t),
                                    sizeof(uint32_t), ADDRESS_LISTS, &options);
    }
    int status = !lists ? -ENOMEM : inner < 0 ? inner : lists->map < 0 ? -errno : 0;
    if (inner >= 0)
        close(inner);
    if (status != 0) {
        free(lists);
        return error_set(error, status, "cannot make the lists of prefixes: %s", strerror(-status));
    }
    *out = lists;
    return 0;
}

int lists_share(const struct lists *lists, struct bpf_object *object, struct error *error)
{
    struct bpf_map *map = bpf_object__find_map_by_name(object, "address_lists");
    int status = lists ? bpf_map__reuse_fd(map, lists->map) : bpf_map__set_autocreate(map, false);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot share the lists of prefixes: %s", strerror(-status));
}

static int fill(int map, const union prefix_element *set, uint32_t elements)
{
    size_t size = elements * sizeof(*set);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

    if (memory == MAP_FAILED)
        return -errno;
    memcpy(memory, set, size);
    munmap(memory, size);
    return 0;
}

/* What is no longer in the map of maps the kernel frees, once no program reads it. */
static int swap(const struct lists *lists, enum address_list which, const union prefix_element *set,
                uint32_t elements)
{
    const uint32_t slot = which;
    int map = make_array(elements);

    if (map < 0)
        return map;
    int status = fill(map, set, elements);
    if (status == 0 && bpf_map_update_elem(lists->map, &slot, &map, BPF_ANY) != 0)
        status = -errno;
    close(map);
    return status;
}

int lists_set(struct lists *lists, enum address_list which, const struct prefix_list *prefixes,
              struct error *error)
{
    static const char *const names[ADDRESS_LISTS] = {"allow", "deny"};
    const uint32_t slot = which;
    union prefix_element *set = NULL;
    uint32_t elements = 0;
    int status = 0;

    if (prefixes->count == 0) {
        if (bpf_map_delete_elem(lists->map, &slot) != 0 && errno != ENOENT)
            status = -errno;
    } else {
        status = prefix_set_new(&set, &elements, prefixes, error);
        if (status != 0)
            return status;
        status = swap(lists, which, set, elements);
        free(set);
    }
    if (status == 0)
        return 0;
    return error_set(error, status, "cannot put %u prefixes into the kernel's %s list: %s",
                     prefixes->count, names[which], strerror(-status));
}

void lists_close(struct lists *lists)
{
    if (!lists)
        return;
    close(lists->map);
    free(lists);
}
