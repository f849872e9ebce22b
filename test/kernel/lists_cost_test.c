// SPDX-License-Identifier: BSD-2-Clause
/* What a denied and what a blocked packet costs in the redirect program, above a program that only
 * drops (BPF_PROG_TEST_RUN, interleaved runs, the least of each). Its destination alone is denied,
 * so that both ends are looked up in both lists, each of so many prefixes; of blocks its source.
 * The next packet has another one. For a machine that does nothing else. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_xdp.h>

#include "blocked.h"
#include "kernel_models.h"
#include "lists.h"
#include "random.h"

#include "lists_cost.skel.h"

enum { ROUNDS = 15, REPEAT = 200000, FRAME = 64, CHUNKS = 64, CHUNK = 4096 };

static struct random draws;

static uint64_t next_random(void)
{
    return (uint64_t)random_word(&draws) << 32 | random_word(&draws);
}

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* A socket that the map takes: with memory and rings, bound nowhere. */
static int live_socket(void)
{
    void *memory = mmap(NULL, (size_t)CHUNKS * CHUNK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct xdp_umem_reg umem = {
        .addr = (uintptr_t)memory, .len = (uint64_t)CHUNKS * CHUNK, .chunk_size = CHUNK};
    int size = CHUNKS;
    int fd = socket(AF_XDP, SOCK_RAW, 0);

    must(memory != MAP_FAILED && fd >= 0, "an AF_XDP socket");
    must(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) == 0 &&
             setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) == 0 &&
             setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) == 0 &&
             setsockopt(fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size)) == 0,
         "its rings");
    return fd;
}

/* Random hosts of IPv4, or networks of 64 bits of IPv6, from the upper or lower half of all. */
static void draw(struct prefix_list *list, uint32_t count, uint32_t version, uint64_t half)
{
    list->prefix = calloc(count, sizeof(*list->prefix));
    must(list->prefix != NULL, "memory");
    for (list->count = 0; list->count < count; list->count++) {
        uint64_t high = (next_random() >> 2 | half << 63) & (version == 4 ? ~0ull << 32 : ~0ull);

        list->prefix[list->count] = (struct prefix){
            .high = high, .length = version == 4 ? 32 : 64, .version = (uint8_t)version};
    }
}

static double run(const struct bpf_program *program, uint8_t *frame, uint32_t verdict)
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = FRAME,
                .repeat = REPEAT);

    must(bpf_prog_test_run_opts(bpf_program__fd(program), &options) == 0 &&
             options.retval == verdict,
         "a run that ends as it should");
    return options.duration;
}

/* The least of several runs is the one that others disturbed least. */
static double cost_of(struct lists_cost_bpf *program, uint32_t version)
{
    uint8_t frame[FRAME] = {[12] = 0x08, [14] = 0x45, [17] = 50, [26] = 1};
    uint8_t frame6[FRAME] = {[12] = 0x86, [13] = 0xdd, [14] = 0x60, [19] = 10, [22] = 1};
    double with = INFINITY;
    double without = INFINITY;

    for (int i = 0; i < ROUNDS; i++) {
        uint8_t *sent = version == 4 ? frame : frame6;

        without = fmin(without, run(program->progs.cost_drop, sent, XDP_DROP));
        with = fmin(with, run(program->progs.cost_redirect, sent, XDP_DROP));
    }
    return with - without;
}

/* The addresses that packets get, one after the other. */
static void set_addresses(struct lists_cost_bpf *program, const struct prefix_list *list,
                          uint32_t version)
{
    for (uint32_t i = 0; i <= program->rodata->cost_mask; i++) {
        uint64_t high = list->prefix[i].high;
        uint64_t wire =
            version == 4 ? __builtin_bswap32((uint32_t)(high >> 32)) : __builtin_bswap64(high);

        must(bpf_map_update_elem(bpf_map__fd(program->maps.cost_addresses), &i, &wire, 0) == 0,
             "an address");
    }
}

static struct lists_cost_bpf *open_program(uint32_t count, uint32_t version)
{
    struct lists_cost_bpf *program = lists_cost_bpf__open();

    must(program != NULL, "the program");
    program->rodata->cost_mask = (count == 1000 ? 1 << 9 : count == 100000 ? 1 << 16 : 1 << 19) - 1;
    program->rodata->cost_version = version;
    return program;
}

/* Of a blocked packet, of so many hosts. */
static double measure_blocked(uint32_t count, uint32_t version, int socket)
{
    struct lists_cost_bpf *program = open_program(count, version);
    struct prefix_list list;
    struct blocked blocked;
    struct error error;
    uint32_t queue = 0;

    must(blocked_open(&blocked, count, &error) == 0, "the map");
    program->rodata->blocks_given = 1;
    program->rodata->cost_source = 1;
    must(blocked_share(&blocked, program->obj, &error) == 0 && lists_cost_bpf__load(program) == 0,
         "the program");
    draw(&list, count, version, 0);
    for (uint32_t i = 0; i < count; i++) {
        const struct block_key host = {list.prefix[i].high, 0, version};

        must(blocked_add(&blocked, &host, 1) == 0, "a host");
    }
    set_addresses(program, &list, version);
    must(bpf_map_update_elem(bpf_map__fd(program->maps.sockets), &queue, &socket, 0) == 0,
         "a live socket");
    double cost = cost_of(program, version);
    prefix_list_free(&list);
    blocked_close(&blocked);
    lists_cost_bpf__destroy(program);
    return cost;
}

/* Of a denied packet, with lists of so many prefixes. */
static double measure_denied(uint32_t count, uint32_t version, int socket)
{
    struct lists_cost_bpf *program = open_program(count, version);
    struct prefix_list list[ADDRESS_LISTS];
    struct lists *lists;
    struct error error;
    uint32_t queue = 0;

    must(lists_open(&lists, &error) == 0, "the lists");
    program->rodata->lists_given = 1;
    must(lists_share(lists, program->obj, &error) == 0 && lists_cost_bpf__load(program) == 0,
         "the program");
    for (uint32_t i = 0; i < ADDRESS_LISTS; i++) {
        draw(&list[i], count, version, i);
        struct prefix_list sorted = {.count = 0};
        must(prefix_list_add(&sorted, &list[i], &error) == 0 &&
                 lists_set(lists, (enum address_list)i, &sorted, &error) == 0,
             "a list");
        prefix_list_free(&sorted);
    }
    set_addresses(program, &list[LIST_DENY], version);
    must(bpf_map_update_elem(bpf_map__fd(program->maps.sockets), &queue, &socket, 0) == 0,
         "a live socket");
    double cost = cost_of(program, version);
    prefix_list_free(&list[LIST_ALLOW]);
    prefix_list_free(&list[LIST_DENY]);
    lists_close(lists);
    lists_cost_bpf__destroy(program);
    return cost;
}

int main(void)
{
    static const struct {
        uint32_t count;
        double denied, blocked; /* ns at most */
    } cases[] = {{1000, 100, 60}, {100000, 200, 120}, {1000000, 350, 350}};
    int failures = 0;
    int socket;

    kernel_need_root();
    draws = random_begin("lists_cost_test");
    kernel_stay_on_cpu();
    socket = live_socket();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint32_t version = 4; version <= 6; version += 2) {
            uint32_t count = cases[i].count;
            double denied = measure_denied(count, version, socket);
            double blocked = measure_blocked(count, version, socket);

            printf("%7u prefixes a list, IPv%u: a denied packet costs %4.0f ns (at most %.0f); "
                   "of as many blocked hosts %4.0f ns (at most %.0f)\n",
                   count, version, denied, cases[i].denied, blocked, cases[i].blocked);
            failures += denied > cases[i].denied || blocked > cases[i].blocked;
        }
    }
    return failures != 0;
}
