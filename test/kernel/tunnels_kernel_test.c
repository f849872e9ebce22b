// SPDX-License-Identifier: BSD-2-Clause
/* Tunnels inside XDP: frames from a folder (of the fuzzer's seeds: two bytes, then a frame), whole
 * and cut, give the same innermost packet there as in user space.
 *
 *     tunnels_kernel_test FOLDER */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "kernel_models.h"
#include "link_tunnel.h"
#include "load.h"
#include "path_run.h"

enum { FRAME_MAX = 4096, SEED_HEAD = 2, CUTS = 24 };

static const struct path_settings settings = {
    .options = {.stamped = 1,
                .bypass = {1, {{22, PROTOCOL_TCP, 0}}},
                .tunnels = {TUNNELS_ALL, TUNNEL_KEY_TUNNEL | TUNNEL_KEY_VLAN}},
    .flows = 64,
    .timeout = UINT64_MAX};

static bool same(const struct path_work *work, enum packet_kind kind, const struct packet *packet)
{
    const struct packet *p = &work->packet;

    if (work->kind != kind || kind != PACKET_IP)
        return work->kind == kind;
    return memcmp(p->source, packet->source, sizeof(p->source)) == 0 &&
           memcmp(p->destination, packet->destination, sizeof(p->destination)) == 0 &&
           p->length == packet->length && p->source_port == packet->source_port &&
           p->destination_port == packet->destination_port && p->protocol == packet->protocol &&
           p->version == packet->version && p->realm == packet->realm &&
           p->behind == packet->behind && p->seen == packet->seen &&
           (work->bypassed || work->features[FEATURE_LENGTH] == packet->length);
}

/* Whether the two differ. */
static bool differ(const struct xdp_path *path, uint32_t cpu, uint8_t *data, uint32_t length,
                   uint32_t wire)
{
    const struct path_frame sent = {
        .data = data, .length = length, .wire_length = wire, .time = 1000};
    const struct frame frame = {
        .data = data, .length = length, .wire_length = wire, .link = LINK_ETHERNET};
    struct packet packet;
    enum packet_kind kind = link_parse_tunnels(&frame, &settings.options.tunnels, &packet);

    if (path_run_frame(path, &sent) < 0) {
        perror("BPF_PROG_TEST_RUN");
        return true;
    }
    const struct path_work *work = &path->cpu[cpu].work;
    if (same(work, kind, &packet))
        return false;
    printf("user space: kind %d, protocol %u, length %u; kernel: kind %u, protocol %u, length %u\n",
           kind, packet.protocol, packet.length, work->kind, work->packet.protocol,
           work->packet.length);
    return true;
}

/* Frames that differ, out of all lengths that the file is tried at. */
static uint32_t run_file(const struct xdp_path *path, uint32_t cpu, const char *name,
                         uint32_t *runs)
{
    uint8_t bytes[FRAME_MAX];
    uint32_t differences = 0;
    FILE *file = fopen(name, "rbe");

    if (!file)
        return 0;
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    if (size < SEED_HEAD + 14)
        return 0;
    uint32_t wire = (uint32_t)size - SEED_HEAD;
    for (uint32_t cut = 0; cut < CUTS; cut++) {
        uint32_t length = wire - (wire - 14) * cut / CUTS;

        if (differ(path, cpu, bytes + SEED_HEAD, length, wire)) {
            printf("%s, %u of %u bytes: differ\n", name, length, wire);
            differences++;
        }
        (*runs)++;
    }
    return differences;
}

int main(int argc, char **argv)
{
    struct path_program *program;
    struct xdp_path *path;
    struct dirent **entries;
    struct error error;
    uint32_t differences = 0;
    uint32_t runs = 0;

    kernel_need_root();
    kernel_need_stamps();
    if (path_none_new(&program, &error) != 0 ||
        path_run_open(&path, program, &settings, NULL, &error) != 0) {
        printf("%s\n", error.text);
        return 1;
    }
    uint32_t cpu = kernel_stay_on_cpu();
    int count = argc > 1 ? scandir(argv[1], &entries, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char name[1024];

        snprintf(name, sizeof(name), "%s/%s", argv[1], entries[i]->d_name);
        differences += run_file(path, cpu, name, &runs);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
    const struct bpf_program *tunnels =
        bpf_object__find_program_by_name(path->program->object, PATH_TUNNELS);
    printf("%u frames, %u differ; %u instructions verified\n", runs, differences,
           xdp_verified_instructions(tunnels));
    path_run_close(path);
    return differences != 0 || runs < 1000;
}
