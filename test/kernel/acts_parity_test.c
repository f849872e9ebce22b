// SPDX-License-Identifier: BSD-2-Clause
/* Blocks and shunts inside the kernel against a worker, packet by packet. What the program lets by,
 * or drops for its source, no pipeline sees; of all others the pipeline has to come to the same
 * features, verdicts and slots, and to the same offences of the same proven sources. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "block_table.h"
#include "capture.h"
#include "kernel_models.h"
#include "path_run.h"
#include "pipeline.h"

#define SECOND UINT64_C(1000000000)

enum {
    FLOWS = 1 << 16,
    SEED = 7,
    TIMEOUT_SECONDS = 120,
    BLOCK_SECONDS = 60,
    BLOCK_AFTER = 8,
    SHUNT_AFTER = 2,
    SHUNT_EVERY = 4,
    MOST = 4096, /* frames of a burst, offences waiting */
};

static const struct host_tables_options host_options = {
    .cells = HOST_CELLS_DEFAULT, .rows = 1, .fixed_seed = true, .seed = SEED};

/* What the kernel made of a packet that reached the model, or would have, being no IP. */
struct seen {
    uint32_t features[FEATURES_MAX];
    struct verdict verdict;
    uint32_t slot;
};

/* A capture without the packets that the program in front leaves alone. */
struct comparison {
    struct port port;
    struct port *in;
    struct burst_observer observer;
    struct pipeline pipeline;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct proofs *proofs;
    struct accuser accuser;
    struct stats stats;
    struct policy policy;
    struct xdp_path *kernel;
    struct blocked blocked;
    struct shunted shunted;
    struct ring_buffer *ring;
    struct block_table *table;
    uint32_t cpu;
    struct seen seen[MOST];
    struct offence offence[MOST];
    uint64_t offended, compared;
    uint64_t differences;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void differ(struct comparison *c, const char *what, uint64_t kernel, uint64_t user)
{
    if (kernel != user && c->differences++ < 10)
        printf("packet %" PRIu64 ": %s: kernel %" PRIu64 ", user space %" PRIu64 "\n",
               c->stats.packets, what, kernel, user);
}

/* The thread that blocks, at once. */
static int take_offence(void *context, void *data, size_t size)
{
    struct comparison *c = context;
    const struct offence *offence = data;
    struct block_key evicted;

    must(size >= sizeof(*offence) && c->offended - c->compared < MOST, "room for offences");
    c->offence[c->offended++ % MOST] = *offence;
    if (block_table_offence(c->table, &offence->source, offence->time, BLOCK_SECONDS * SECOND) ==
        BLOCK_BEGIN) {
        must(!block_table_add(c->table, &offence->source, UINT64_MAX, &evicted) &&
                 blocked_add(&c->blocked, &offence->source, 1) == 0,
             "a block");
    }
    return 0;
}

/* Whether the frame reached the model, or was counted as what isn't for it. */
static bool runs_to_the_end(struct comparison *c, const struct frame *frame, struct seen *seen)
{
    const struct path_frame in = {frame->data, frame->length, frame->wire_length, frame->time};
    const struct path_cpu *cpu = &c->kernel->cpu[c->cpu];
    uint64_t packets = cpu->stats.packets;
    uint64_t blocked = cpu->left.blocked;
    uint64_t shunted = cpu->left.shunted;
    int action = path_run_frame(c->kernel, &in);

    (void)ring_buffer__consume(c->ring);
    packets = cpu->stats.packets - packets;
    blocked = cpu->left.blocked - blocked;
    shunted = cpu->left.shunted - shunted;
    must(packets + blocked + shunted == 1, "one counter for each packet");
    must(packets || action == (blocked ? 1 /* XDP_DROP */ : 2 /* XDP_PASS */),
         "what is left alone");
    seen->slot = cpu->work.slot;
    seen->verdict = cpu->work.verdict;
    memcpy(seen->features, cpu->work.features, sizeof(seen->features));
    return packets != 0;
}

static struct comparison *of(struct port *port)
{
    return (struct comparison *)port;
}

static int receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct comparison *c = of(port);
    int received = c->in->operations->receive(c->in, frames, most < MOST ? most : MOST);
    int kept = 0;

    for (int i = 0; i < received; i++) {
        if (frames[i].length >= 14 && runs_to_the_end(c, &frames[i], &c->seen[kept]))
            frames[kept++] = frames[i];
        else
            c->in->operations->release(c->in, &frames[i], 1);
    }
    return received < 0 ? received : kept;
}

static uint32_t send_on(struct port *port, const struct frame *frames, uint32_t count)
{
    return of(port)->in->operations->send(of(port)->in, frames, count);
}

static void release(struct port *port, const struct frame *frames, uint32_t count)
{
    of(port)->in->operations->release(of(port)->in, frames, count);
}

static void flush(struct port *port)
{
    of(port)->in->operations->flush(of(port)->in);
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct comparison *c =
        (struct comparison *)((char *)observer - offsetof(struct comparison, observer));

    for (uint32_t i = 0; i < burst->count; i++)
        differ(c, "slot", c->seen[i].slot, burst->slot[i]);
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        const struct seen *seen = &c->seen[burst->place[i]];

        differ(c, "class", seen->verdict.class_index, burst->verdicts[i].class_index);
        differ(c, "confidence", seen->verdict.confidence, burst->verdicts[i].confidence);
        for (uint32_t f = 0; f < burst->feature_count; f++)
            differ(c, "feature", seen->features[f], burst_features(burst, i)[f]);
    }
}

/* The worker's offences are the program's, in order. */
static void compare_offences(struct comparison *c)
{
    struct offence user;

    while (worker_ring_take(c->accuser.ring, &user, sizeof(user))) {
        const struct offence *kernel = &c->offence[c->compared++ % MOST];

        must(c->compared <= c->offended, "an offence that the program has told of");
        differ(c, "offender", 0, !block_key_equal(&kernel->source, &user.source));
        differ(c, "seconds of an offence", kernel->seconds, user.seconds);
        differ(c, "time of an offence", kernel->time, user.time);
    }
}

static void make_policy(struct comparison *c, struct path_policy *kernel, uint32_t classes)
{
    c->policy.class_count = classes;
    for (uint32_t class = 0; class < classes; class ++) {
        bool blocks = class != 0 && class + 1 < classes;

        c->policy.action[class] = kernel->action[class] = blocks ? ACTION_DROP : ACTION_COUNT;
        c->policy.block_seconds[class] = kernel->block_seconds[class] = blocks ? BLOCK_SECONDS : 0;
        c->policy.shunt_after[class] = kernel->shunt_after[class] = blocks ? 0 : SHUNT_AFTER;
    }
}

static void open_kernel(struct comparison *c, const struct kernel_model *model, uint32_t form,
                        const struct path_policy *policy)
{
    const struct path_settings settings = {
        .options = {.stamped = 1,
                    .host_cells = host_options.cells,
                    .host_rows = host_options.rows,
                    .blocks = 1,
                    .proving = 1,
                    .shunts = 1,
                    .shunt_every = SHUNT_EVERY,
                    .shunt_ns = 10 * SECOND},
        .blocked = &c->blocked,
        .shunted = &c->shunted,
        .flows = FLOWS,
        .timeout = TIMEOUT_SECONDS * SECOND,
        .seed = SEED,
    };
    struct path_program *program;
    struct error error = {{0}};

    if (blocked_open(&c->blocked, 4096, &error) != 0 ||
        shunted_open(&c->shunted, 4096, &error) != 0 ||
        model->open(&program, model, form, &error) != 0 ||
        path_run_open(&c->kernel, program, &settings, NULL, &error) != 0 ||
        path_install(c->kernel, model->model, policy, &error) != 0)
        must(false, error.text);
    c->ring = ring_buffer__new(path_offences_fd(c->kernel), take_offence, c, NULL);
    must(c->ring && block_table_new(&c->table, 4096, BLOCK_AFTER) == 0, "a ring and a table");
}

static void open_user(struct comparison *c, const struct kernel_model *model)
{
    static const struct port_operations operations = {receive, send_on, release, flush};
    const struct flow_table_options options = {
        .flows = FLOWS, .timeout = TIMEOUT_SECONDS, .fixed_seed = true, .seed = SEED};
    struct error error;

    c->port.operations = &operations;
    c->observer.observe = observe;
    c->pipeline.observer = &c->observer;
    c->pipeline.policy = &c->policy;
    c->pipeline.classifier = model->classifier;
    c->pipeline.accuser = &c->accuser;
    must(proofs_new(&c->proofs) == 0 &&
             handshakes_new(&c->accuser.handshakes, c->proofs, false) == 0 &&
             worker_ring_new(&c->accuser.ring) == 0 &&
             flow_table_new(&c->pipeline.table, &options, &error) == 0,
         "a pipeline");
    flow_seed_make(&c->proofs->seed, SEED); /* else other hosts fall together */
    if (model->classifier->feature_set == FEATURE_SET_2)
        must(host_tables_new(&c->hosts, &host_options, &error) == 0, "a host memory");
    c->pipeline.hosts = c->hosts;
}

static void close_both(struct comparison *c)
{
    ring_buffer__free(c->ring);
    path_run_close(c->kernel);
    shunted_close(&c->shunted);
    blocked_close(&c->blocked);
    block_table_free(c->table);
    host_tables_free(c->hosts);
    flow_table_free(c->pipeline.table);
    free(c->accuser.ring);
    free(c->accuser.handshakes);
    free(c->proofs);
}

static uint64_t compare_form(const struct kernel_model *model, uint32_t form)
{
    static struct comparison c;
    struct path_policy policy = {0};
    struct capture *capture;
    struct error error;

    memset(&c, 0, sizeof(c));
    c.cpu = kernel_stay_on_cpu();
    c.shunted = (struct shunted){-1, SHUNT_EVERY, 10 * SECOND};
    make_policy(&c, &policy, model->class_count);
    open_kernel(&c, model, form, &policy);
    open_user(&c, model);
    must(capture_open(&capture, "test/captures/mixed.pcap", &error) == 0, "the capture");
    c.in = capture_port(capture);
    const struct route route = {.in = &c.port, .stats = &c.stats};
    while (pipeline_run(&c.pipeline, &route) >= 0)
        compare_offences(&c);
    compare_offences(&c);
    capture_close(capture);

    const struct path_cpu *cpu = &c.kernel->cpu[c.cpu];
    differ(&c, "packets", cpu->stats.packets, c.stats.packets);
    differ(&c, "flows", cpu->stats.flows, c.stats.flows);
    differ(&c, "offences", c.offended, c.compared);
    differ(&c, "unproven offences", cpu->acts.unproven, c.accuser.unproven);
    printf("%-16s %-9s %" PRIu64 " judged, %" PRIu64 " blocked, %" PRIu64 " shunted; %" PRIu64
           " offences, %" PRIu64 " unproven; shunts: %" PRIu64 " begun, %" PRIu64
           " otherwise, %" PRIu64 " finished, %" PRIu64 " silent; %" PRIu64 " differences\n",
           model->name, c.kernel->program->form, cpu->stats.packets, cpu->left.blocked,
           cpu->left.shunted, c.offended, cpu->acts.unproven, cpu->acts.begun, cpu->acts.otherwise,
           cpu->acts.finished, cpu->acts.silent, c.differences);
    bool shows = cpu->left.blocked && cpu->left.shunted && c.offended && cpu->acts.unproven &&
                 cpu->acts.otherwise && cpu->acts.finished && cpu->acts.lost == 0;
    if (!shows)
        printf("something didn't happen: this run shows nothing\n");
    close_both(&c);
    return c.differences + !shows;
}

int main(void)
{
    static const char *const shipped[] = {"models/nn.q8", "models/dt.q8", "models/nn1.q8"};
    uint64_t differences = 0;

    setlinebuf(stdout);
    kernel_need_root();
    kernel_need_stamps();
    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        struct kernel_model model;

        must(kernel_model_read(&model, shipped[i]), shipped[i]);
        for (uint32_t form = 0; form < model.forms; form++)
            differences += compare_form(&model, form);
        kernel_model_free(&model);
    }
    return differences != 0;
}
