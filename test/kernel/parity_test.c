// SPDX-License-Identifier: BSD-2-Clause
/* The programs in the kernel against the pipeline in user space, packet by packet: what the parser
 * says, the features of the model's set, class and confidence, what is beyond its limit, flows
 * begun and evicted, and of feature set 2 the whole host memory in the end. Runs over the shipped
 * capture, and over the data beside the repository where it is there. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "attach.h"
#include "capture.h"
#include "kernel_models.h"
#include "path_run.h"
#include "pipeline.h"

enum {
    FLOWS_MANY = 1 << 16,
    FLOWS_FEW = 64,
    SEED = 7,
    TIMEOUT_SECONDS = 120,
    LINK_HEADER = 14,
    LIMIT = 10, /* packets a second of every second class */
};

/* With many flows one row, with few two: so few cells that hosts share them. */
static const struct host_tables_options hosts_many = {
    .cells = HOST_CELLS_DEFAULT, .rows = 1, .fixed_seed = true, .seed = SEED};
static const struct host_tables_options hosts_few = {
    .cells = HOST_CELLS_LEAST, .rows = 2, .fixed_seed = true, .seed = SEED};

/* One model in one form beside the pipeline. */
struct comparison {
    struct burst_observer observer;
    struct pipeline pipeline;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct stats stats;
    struct policy policy;
    struct xdp_path *kernel;
    uint32_t cpu;
    uint64_t packets;
    uint64_t skipped; /* shorter than a link header: BPF_PROG_TEST_RUN takes no such frame */
    uint64_t differences;
    uint64_t per_class[CLASSES_MAX];
};

static void report(struct comparison *c, const struct burst *burst, uint32_t i, const char *what,
                   int64_t kernel, int64_t user)
{
    if (c->differences++ < 10)
        printf("packet %" PRIu64 " of %u bytes: %s: kernel %" PRId64 ", user space %" PRId64 "\n",
               c->packets + i, burst->frames[i].wire_length, what, kernel, user);
}

/* `place`: of the packet among the IP ones, or -1. */
static void compare(struct comparison *c, const struct burst *burst, uint32_t i, int place)
{
    const struct frame *frame = &burst->frames[i];
    const struct path_frame in = {frame->data, frame->length, frame->wire_length, frame->time};
    const struct path_work *work = &c->kernel->cpu[c->cpu].work;

    if (frame->length < LINK_HEADER) {
        c->skipped++;
        return;
    }
    int action = path_run_frame(c->kernel, &in);
    int want_action = burst->action[i] == ACTION_LIMIT ? 1 /* XDP_DROP */ : 2 /* XDP_PASS */;
    if (action != want_action)
        report(c, burst, i, "return value", action, want_action);
    if (work->slot != burst->slot[i])
        report(c, burst, i, "slot", work->slot, burst->slot[i]);
    if (place < 0)
        return;
    const struct verdict *want = &burst->verdicts[place];
    if (work->verdict.class_index != want->class_index)
        report(c, burst, i, "class", work->verdict.class_index, want->class_index);
    if (work->verdict.confidence != want->confidence)
        report(c, burst, i, "confidence", work->verdict.confidence, want->confidence);
    for (uint32_t f = 0; f < burst->feature_count; f++) {
        if (work->features[f] != burst_features(burst, (uint32_t)place)[f])
            report(c, burst, i, "feature", work->features[f],
                   burst_features(burst, (uint32_t)place)[f]);
    }
    c->per_class[want->class_index]++;
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct comparison *c = (struct comparison *)observer;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        bool is_ip = ip < burst->ip_count && burst->place[ip] == i;

        compare(c, burst, i, is_ip ? (int)ip++ : -1);
    }
    c->packets += burst->count;
}

static struct capture *open_capture(const char *file)
{
    struct capture *capture;
    struct error error;

    if (capture_open(&capture, file, &error) == 0)
        return capture;
    printf("%s\n", error.text);
    abort();
}

/* Interfaces have no other link type. */
static bool is_ethernet(const char *file)
{
    struct capture *capture = open_capture(file);
    struct port *port = capture_port(capture);
    struct frame frame;
    bool ethernet = port->operations->receive(port, &frame, 1) == 1 && frame.link == LINK_ETHERNET;

    capture_close(capture);
    return ethernet;
}

/* Captures are of overlapping times: what one has taken isn't the next one's. */
static void forget_limits(struct comparison *c)
{
    int map = bpf_object__find_map_fd_by_name(c->kernel->program->object, "path_limits");
    struct path_limited key, next;
    bool more = bpf_map_get_next_key(map, NULL, &key) == 0;

    while (more) {
        more = bpf_map_get_next_key(map, &key, &next) == 0;
        (void)bpf_map_delete_elem(map, &key);
        key = next;
    }
    memset(c->pipeline.limits->word, 0, sizeof(c->pipeline.limits->word));
}

static void run_capture(struct comparison *c, const char *file)
{
    if (!is_ethernet(file))
        return;
    struct capture *capture = open_capture(file);
    const struct route route = {.in = capture_port(capture), .stats = &c->stats};

    while (pipeline_run(&c->pipeline, &route) >= 0)
        ;
    forget_limits(c);
    capture_close(capture);
}

/* All captures below a folder of the data, if it is there. */
static void run_folder(struct comparison *c, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".pcap")) {
            char file[512];

            snprintf(file, sizeof(file), "%s/%s", folder, entries[i]->d_name);
            run_capture(c, file);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void open_both(struct comparison *c, const struct kernel_model *model, uint32_t form,
                      uint32_t flows)
{
    const struct flow_table_options options = {
        .flows = flows, .timeout = TIMEOUT_SECONDS, .fixed_seed = true, .seed = SEED};
    const struct host_tables_options *hosts = flows == FLOWS_MANY ? &hosts_many : &hosts_few;
    const struct path_settings settings = {.options = {.stamped = 1,
                                                       .frags = xdp_frags_known(),
                                                       .host_cells = hosts->cells,
                                                       .host_rows = hosts->rows,
                                                       .limits = 1},
                                           .flows = flows,
                                           .timeout = TIMEOUT_SECONDS * UINT64_C(1000000000),
                                           .seed = SEED};
    struct path_policy policy = {0};
    struct path_program *program;
    struct error error;

    memset(c, 0, sizeof(*c));
    c->observer.observe = observe;
    c->pipeline.observer = &c->observer;
    c->pipeline.policy = &c->policy;
    c->pipeline.classifier = model->classifier;
    c->policy.class_count = model->class_count;
    c->policy.limits = true;
    for (uint32_t class = 1; class < CLASSES_MAX; class += 2) {
        c->policy.action[class] = policy.action[class] = ACTION_LIMIT;
        c->policy.limit[class] = policy.limit[class] = LIMIT;
    }
    c->cpu = kernel_stay_on_cpu();
    if (limits_new(&c->pipeline.limits, SEED) != 0 ||
        flow_table_new(&c->pipeline.table, &options, &error) != 0 ||
        (model->classifier->feature_set == FEATURE_SET_2 &&
         host_tables_new(&c->hosts, hosts, &error) != 0) ||
        model->open(&program, model, form, &error) != 0 ||
        path_run_open(&c->kernel, program, &settings, NULL, &error) != 0 ||
        path_install(c->kernel, model->model, &policy, &error) != 0) {
        printf("%s\n", error.text);
        abort();
    }
    c->pipeline.hosts = c->hosts;
}

/* Words of a host table that are another's; it holds something at all. */
static uint64_t compare_table(const struct xdp_path *kernel, const char *name, const void *user_,
                              size_t size)
{
    int map = bpf_object__find_map_fd_by_name(kernel->program->object, name);
    const uint64_t *user = user_;
    uint64_t differences = 0;
    uint64_t words = 0;

    uint64_t *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, map, 0);
    if (memory == MAP_FAILED) {
        perror(name);
        abort();
    }
    for (size_t i = 0; i < size / sizeof(*memory); i++) {
        differences += memory[i] != user[i];
        words += memory[i] != 0;
    }
    munmap(memory, size);
    if (differences || words == 0)
        printf("%s: %" PRIu64 " words, %" PRIu64 " differ\n", name, words, differences);
    return differences + (words == 0);
}

static uint64_t compare_hosts(const struct xdp_path *kernel, const struct host_tables *hosts)
{
    size_t cells = (size_t)hosts->cells * hosts->rows;

    return compare_table(kernel, "path_initiators", hosts->initiators,
                         cells * sizeof(*hosts->initiators)) +
           compare_table(kernel, "path_responders", hosts->responders,
                         cells * sizeof(*hosts->responders)) +
           compare_table(kernel, "path_pairs", hosts->pairs, cells * sizeof(*hosts->pairs)) +
           compare_table(kernel, "path_services", hosts->services,
                         cells * sizeof(*hosts->services));
}

/* Differences found. */
static uint64_t compare_all(const struct kernel_model *model, uint32_t form, uint32_t flows)
{
    static const char *const folders[] = {"westermo", "stopddos", "iot_sentinel", "parser_corpus"};
    static struct comparison c;
    const char *data = getenv("AFXDP_DATA");
    char folder[256];
    uint32_t classes = 0;

    open_both(&c, model, form, flows);
    run_capture(&c, "test/captures/mixed.pcap");
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(folder, sizeof(folder), "%s/%s", data ? data : "../shared/data", folders[i]);
        run_folder(&c, folder);
    }

    const struct stats *kernel = &c.kernel->cpu[c.cpu].stats;
    for (uint32_t k = 0; k < CLASSES_MAX; k++)
        classes += c.per_class[k] > 0;
    if (kernel->endings[ENDING_LIMITED] != c.stats.endings[ENDING_LIMITED] ||
        kernel->flows != c.stats.flows || kernel->evictions != c.stats.evictions ||
        kernel->packets + c.skipped != c.stats.packets) {
        printf("counters differ\n");
        c.differences++;
    }
    printf("%-20s %-9s %6u flows: %" PRIu64 " packets, %" PRIu64 " evictions, %u classes seen, "
           "%" PRIu64 " differences\n",
           model->name, c.kernel->program->form, flows, c.packets, c.stats.evictions, classes,
           c.differences);
    if (flows == FLOWS_FEW && c.stats.evictions == 0) {
        printf("no flow was evicted: this run shows nothing\n");
        c.differences++;
    }
    if (c.hosts)
        c.differences += compare_hosts(c.kernel, c.hosts);
    path_run_close(c.kernel);
    host_tables_free(c.hosts);
    flow_table_free(c.pipeline.table);
    free(c.pipeline.limits);
    return c.differences;
}

static uint64_t compare_forms(struct kernel_model *model)
{
    uint64_t differences = 0;

    for (uint32_t form = 0; form < model->forms; form++) {
        differences += compare_all(model, form, FLOWS_MANY);
        differences += compare_all(model, form, FLOWS_FEW);
    }
    kernel_model_free(model);
    return differences;
}

int main(void)
{
    static const char *const shipped[] = {"models/nn.q8", "models/dt.q8", "models/bt.q8",
                                          "models/nn1.q8", "models/dt1.q8"};
    struct kernel_model model;
    uint64_t differences = 0;

    setlinebuf(stdout);
    kernel_need_root();
    kernel_need_stamps();
    uint64_t seed = kernel_seed();
    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        if (kernel_model_read(&model, shipped[i]))
            differences += compare_forms(&model);
    }
    for (uint32_t which = 0; which < KERNEL_MODELS; which++) {
        kernel_model_make(&model, which, seed + which);
        differences += compare_forms(&model);
    }
    return differences != 0;
}
