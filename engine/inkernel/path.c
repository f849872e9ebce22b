// SPDX-License-Identifier: BSD-2-Clause
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach.h"
#include "path_private.h"
#include "proof.h"

static struct bpf_map *find(const struct path_program *program, const char *name)
{
    return bpf_object__find_map_by_name(program->object, name);
}

static uint32_t buckets_for(uint32_t flows)
{
    uint32_t buckets = 1;

    while ((uint64_t)buckets * FLOW_WAYS < flows)
        buckets *= 2;
    return buckets;
}

int path_check_set(uint32_t feature_set, struct error *error)
{
    if (feature_set == FEATURE_SET_2 && xdp_kernel_before(5, 12))
        return error_set(error, -EOPNOTSUPP,
                         "feature set 2 inside the kernel takes Linux 5.12, which has "
                         "compare-and-swap for BPF; use --datapath afxdp");
    return 0;
}

/* What only a program of feature set 2 has. */
static const char *const host_maps[] = {"path_initiators", "path_responders", "path_pairs",
                                        "path_services", NULL};

static int size_hosts(const struct path_program *program, struct path_options *options)
{
    int status = 0;

    options->host_cells = host_cells_for(options->host_cells);
    for (const char *const *name = host_maps; status == 0 && *name; name++)
        status = bpf_map__set_max_entries(find(program, *name),
                                          options->host_rows * options->host_cells);
    return status;
}

/* The maps of blocks and shunts, as far as they are wanted. */
static int configure_acts(const struct path_program *program, const struct path_settings *settings,
                          uint32_t cpus, struct error *error)
{
    const struct path_options *options = &settings->options;
    struct bpf_map *handshakes = find(program, "path_handshakes");
    struct bpf_map *runs = find(program, "path_runs");

    (void)bpf_map__set_autocreate(find(program, "path_offences"), options->blocks);
    (void)bpf_map__set_autocreate(find(program, "path_proofs"), options->proving);
    (void)bpf_map__set_autocreate(handshakes, options->proving);
    (void)bpf_map__set_autocreate(runs, options->shunts);
    if (bpf_map__set_max_entries(handshakes, cpus * HANDSHAKES_SIZE) != 0 ||
        bpf_map__set_max_entries(runs, cpus * SHUNT_RUNS) != 0)
        return error_set(error, -EINVAL, "the program's maps aren't as expected");
    int status = blocked_share(settings->blocked, program->object, error);
    return status == 0 ? shunted_share(settings->shunted, program->object, error) : status;
}

int path_configure(const struct path_program *program, const struct path_settings *settings,
                   struct error *error)
{
    struct path_options options = settings->options;
    int possible = libbpf_num_possible_cpus();
    uint32_t cpus = (uint32_t)possible;
    uint64_t buckets = (uint64_t)cpus * buckets_for(settings->flows);

    options.lists = settings->lists != NULL;
    if (possible < 0)
        return error_set(error, possible, "cannot tell how many CPUs there may be: %s",
                         strerror(-possible));
    if (buckets * sizeof(struct flow_bucket) >= 1ull << 32)
        return error_set(error, -E2BIG,
                         "a flow table of %u flows for each of %u CPUs: an array in the kernel "
                         "holds less than 4 GiB; use --flows",
                         settings->flows, cpus);
    int status = path_check_set(program->feature_set, error);
    if (status != 0)
        return status;
    if ((program->feature_set == FEATURE_SET_2 && size_hosts(program, &options) != 0) ||
        bpf_map__set_initial_value(find(program, ".rodata.path"), &options, sizeof(options)) != 0 ||
        bpf_map__set_max_entries(find(program, "path_cpus"), path_elements(cpus, settings)) != 0 ||
        bpf_map__set_max_entries(find(program, "path_flows"), (uint32_t)buckets) != 0)
        return error_set(error, -EINVAL, "the program's maps aren't as expected");
    if (!settings->options.records)
        (void)bpf_map__set_autocreate(find(program, "path_records"), false);
    if (!settings->options.limits)
        (void)bpf_map__set_autocreate(find(program, "path_limits"), false);
    if (settings->options.bypass.count == 0)
        (void)bpf_map__set_autocreate(find(program, "bypass_datagrams"), false);
    if (tunnel_options_look(&settings->options.tunnels)) {
        (void)bpf_map__set_autocreate(find(program, PATH_INNER), true);
        (void)bpf_program__set_autoload(
            bpf_object__find_program_by_name(program->object, PATH_TUNNELS), true);
    }
    status = lists_share(settings->lists, program->object, error);
    if (status == 0)
        status = configure_acts(program, settings, cpus, error);
    if (status != 0)
        return status;

    struct bpf_program *each;
    bpf_object__for_each_program(each, program->object) /* tail calls: all alike */
    {
        uint32_t flags = bpf_program__flags(each) & ~(uint32_t)BPF_F_XDP_HAS_FRAGS;

        (void)bpf_program__set_flags(each,
                                     settings->options.frags ? flags | BPF_F_XDP_HAS_FRAGS : flags);
    }
    return 0;
}

/* NULL with errno. */
static void *map_memory(const struct path_program *program, const char *name, size_t size,
                        int protection)
{
    void *memory = mmap(NULL, size, protection, MAP_SHARED, bpf_map__fd(find(program, name)), 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static size_t page_of(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

static size_t cpus_size(const struct xdp_path *path)
{
    return page_of(path_elements(path->cpus, &path->settings) * sizeof(struct path_cpu));
}

static size_t flows_size(const struct xdp_path *path)
{
    return page_of((size_t)path->cpus * path->buckets * sizeof(struct flow_bucket));
}

/* An array of maps for path_grace to update. */
static int open_grace(struct xdp_path *path)
{
    LIBBPF_OPTS(bpf_map_create_opts, options);

    path->grace_value = bpf_map_create(BPF_MAP_TYPE_ARRAY, "afxdp_grace", 4, 4, 1, NULL);
    if (path->grace_value < 0)
        return -errno;
    options.inner_map_fd = (uint32_t)path->grace_value;
    path->grace = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "afxdp_grace", 4, 4, 1, &options);
    return path->grace < 0 ? -errno : 0;
}

/* The kernel waits for an RCU grace period before an update of an array of maps returns, so that
 * no program still runs with the former map (kernel/bpf/syscall.c, maybe_wait_bpf_programs). */
int path_grace(const struct xdp_path *path)
{
    const uint32_t slot = 0;

    return bpf_map_update_elem(path->grace, &slot, &path->grace_value, BPF_ANY) == 0 ? 0 : -errno;
}

/* The program that opens tunnels leads to the one with the model. */
static int join_tunnels(const struct path_program *program)
{
    const uint32_t slot = 0;
    int entry = bpf_program__fd(bpf_object__find_program_by_name(program->object, program->entry));

    if (!bpf_map__autocreate(find(program, PATH_INNER)))
        return 0;
    if (bpf_map_update_elem(bpf_map__fd(find(program, PATH_INNER)), &slot, &entry, BPF_ANY) == 0)
        return 0;
    return -errno;
}

static int map_generation(struct path_program *program)
{
    void *memory =
        map_memory(program, ".data.path", sizeof(*program->generation), PROT_READ | PROT_WRITE);

    if (!memory)
        return -errno;
    program->generation = memory;
    return 0;
}

static void hand_out_slices(struct xdp_path *path)
{
    uint32_t of_cpu = path_elements(1, &path->settings);

    for (uint32_t i = 0; i < path->cpus * of_cpu; i++) {
        path->cpu[i].timeout = path->settings.timeout;
        path->cpu[i].buckets = path->buckets;
        path->cpu[i].first_bucket = i / of_cpu * path->buckets;
        flow_seed_make(&path->cpu[i].seed, path->settings.seed);
        host_seed_make(&path->cpu[i].host_seed, path->settings.seed);
    }
}

int path_open(struct xdp_path **out, struct path_program *program,
              const struct path_settings *settings, struct error *error)
{
    struct xdp_path *path = calloc(1, sizeof(*path));
    int status = -ENOMEM;

    if (!path)
        return error_set(error, status, "no memory");
    path->program = program;
    path->settings = *settings;
    path->grace = path->grace_value = -1;
    path->cpus = (uint32_t)libbpf_num_possible_cpus();
    path->buckets = buckets_for(settings->flows);
    path->cpu = map_memory(program, "path_cpus", cpus_size(path), PROT_READ | PROT_WRITE);
    path->flows = path->cpu ? map_memory(program, "path_flows", flows_size(path), PROT_READ) : NULL;
    if (!path->flows) {
        status = -errno;
        goto fail;
    }
    status = open_grace(path);
    if (status != 0)
        goto fail;
    status = map_generation(program);
    if (status == 0)
        status = join_tunnels(program);
    if (status != 0)
        goto fail;
    hand_out_slices(path);
    status = program->loaded ? program->loaded(program, error) : 0;
    if (status != 0) {
        path_close(path);
        return status;
    }
    *out = path;
    return 0;

fail:
    path_close(path);
    return error_set(error, status, "cannot map the program's counters: %s", strerror(-status));
}

void path_close(struct xdp_path *path)
{
    if (!path)
        return;
    if (path->cpu)
        munmap(path->cpu, cpus_size(path));
    if (path->flows)
        munmap((void *)(uintptr_t)path->flows, flows_size(path));
    if (path->grace >= 0)
        close(path->grace);
    if (path->grace_value >= 0)
        close(path->grace_value);
    free(path);
}

static int set_policy(const struct path_program *program, uint32_t generation,
                      const struct path_policy *policy, struct error *error)
{
    int map = bpf_map__fd(find(program, "path_policies"));

    if (bpf_map_update_elem(map, &generation, policy, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "cannot set the policy: %s", strerror(errno));
}

int path_install(struct xdp_path *path, const void *model, const struct path_policy *policy,
                 struct error *error)
{
    struct path_program *program = path->program;
    uint32_t spare = (*program->generation + 1) % PATH_GENERATIONS;
    int status = path->owes_grace ? path_grace(path) : 0;

    if (status != 0)
        return error_set(error, status, "cannot wait for packets in flight: %s", strerror(-status));
    path->owes_grace = false;
    status = set_policy(program, spare, policy, error);
    if (status == 0 && program->fill)
        status = program->fill(program, spare, model, error);
    if (status != 0)
        return status;
    *program->generation = spare; /* all that can fail is behind */
    path->owes_grace = path_grace(path) != 0;
    return 0;
}

/* Those that were made. */
static int share(const struct xdp_path *path, struct path_program *next, const char *const *names,
                 struct error *error)
{
    for (; *names; names++) {
        const struct bpf_map *map = find(path->program, *names);
        int status =
            bpf_map__autocreate(map) ? bpf_map__reuse_fd(find(next, *names), bpf_map__fd(map)) : 0;

        if (status != 0)
            return error_set(error, status, "cannot share the map %s: %s", *names,
                             strerror(-status));
    }
    return 0;
}

int path_share(const struct xdp_path *path, struct path_program *next, struct error *error)
{
    static const char *const maps[] = {
        "path_cpus",        "path_flows",    "path_ports",  "path_records",
        "path_limits",      "path_offences", "path_proofs", "path_handshakes",
        "bypass_datagrams", "path_runs",     NULL};

    if (next->feature_set != path->program->feature_set)
        return error_set(error, -EINVAL, "flows of feature set %u are no flows of set %u",
                         path->program->feature_set, next->feature_set);
    int status = share(path, next, maps, error);
    if (status == 0 && next->feature_set == FEATURE_SET_2)
        status = share(path, next, host_maps, error);
    return status;
}

int path_settle(struct path_program *next, const void *model, const struct path_policy *policy,
                struct error *error)
{
    int status = set_policy(next, 0, policy, error);

    if (status == 0 && next->loaded)
        status = next->loaded(next, error);
    if (status == 0 && next->fill)
        status = next->fill(next, 0, model, error);
    if (status != 0)
        return status;
    status = map_generation(next);
    if (status == 0)
        status = join_tunnels(next);
    if (status != 0)
        return error_set(error, status, "cannot map the program's data: %s", strerror(-status));
    return 0;
}

void path_adopt(struct xdp_path *path, struct path_program *next)
{
    path->program = next;
    path->owes_grace = false; /* no packet has seen the other generation of `next` */
    (void)path_grace(path);   /* what still runs in the old program is the kernel's to keep */
}

int path_set_port(struct xdp_path *path, uint32_t port, int ifindex, struct error *error)
{
    int map = bpf_map__fd(find(path->program, "path_ports"));

    if (bpf_map_update_elem(map, &port, &ifindex, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "interface %d can't be redirected to: %s", ifindex,
                     strerror(errno));
}

int path_program_fd(const struct path_program *program)
{
    const struct bpf_program *tunnels =
        bpf_object__find_program_by_name(program->object, PATH_TUNNELS);

    if (bpf_program__autoload(tunnels))
        return bpf_program__fd(tunnels);
    return bpf_program__fd(bpf_object__find_program_by_name(program->object, program->entry));
}

int path_entry_fd(const struct xdp_path *path)
{
    return path_program_fd(path->program);
}

int path_records_fd(const struct xdp_path *path)
{
    return bpf_map__fd(find(path->program, "path_records"));
}

int path_offences_fd(const struct xdp_path *path)
{
    return bpf_map__fd(find(path->program, "path_offences"));
}

uint64_t path_flow_capacity(const struct xdp_path *path)
{
    return (uint64_t)path->buckets * FLOW_WAYS;
}
