// SPDX-License-Identifier: BSD-2-Clause
/* Looks over an engine's shoulder: events as they happen, and every packet as it is judged.
 *
 *     cc watch.c $(pkg-config --cflags --libs afxdp-engine) -o watch
 *     ./watch iface=eth1 model=nn.q8 duration=10
 *     ./watch pcap=capture.pcap model=nn.q8 */
#include <stdio.h>
#include <string.h>

#include <afxdp_engine.h>

enum { QUEUES = 64, OUTCOMES = 4 };

struct watch {
    unsigned long events;
    /* A row for each queue: its worker writes there and nobody else, so nobody waits. */
    unsigned long packets[QUEUES][OUTCOMES];
};

static void on_message(void *context, enum afxdp_message level, const char *text)
{
    (void)context;
    fprintf(stderr, "%s%s\n", level == AFXDP_INFO ? "" : "warning: ", text);
}

/* In a thread of the engine's, one at a time: whoever reads `events` meanwhile would need a lock.
 */
static void on_event(void *context, const char *json, size_t length)
{
    struct watch *watch = context;

    watch->events++;
    printf("%.*s\n", (int)length, json);
}

/* In each worker's thread, on the way of packets: count, and be gone. */
static void on_burst(void *context, uint32_t queue, const struct afxdp_frame *frames,
                     const struct afxdp_result *results, uint32_t count)
{
    struct watch *watch = context;
    uint32_t i;

    (void)frames;
    for (i = 0; i < count; i++)
        watch->packets[queue % QUEUES][results[i].outcome]++;
}

static int configure(struct afxdp_config *config, int count, char **arguments,
                     struct afxdp_error *error)
{
    int status = 0;
    int i;

    for (i = 1; status == 0 && i < count; i++) {
        char *value = strchr(arguments[i], '=');

        if (value)
            *value++ = '\0';
        status = afxdp_config_set(config, arguments[i], value ? value : "yes", error);
    }
    return status;
}

static void print_sums(const struct watch *watch)
{
    static const char *const names[OUTCOMES] = {"classified", "unsure", "other", "malformed"};
    int queue, outcome;

    fprintf(stderr, "events %lu", watch->events);
    for (outcome = 0; outcome < OUTCOMES; outcome++) {
        unsigned long sum = 0;

        for (queue = 0; queue < QUEUES; queue++)
            sum += watch->packets[queue][outcome];
        fprintf(stderr, ", %s %lu", names[outcome], sum);
    }
    fprintf(stderr, "\n");
}

int main(int count, char **arguments)
{
    static struct watch watch;
    struct afxdp_callbacks callbacks = {on_message, on_event, on_burst, &watch};
    struct afxdp_error error = {"no memory"};
    struct afxdp_datapath *datapath = NULL;
    struct afxdp_config *config = NULL;
    int status = afxdp_config_new(&config);

    if (status == 0)
        status = configure(config, count, arguments, &error);
    if (status == 0)
        status = afxdp_datapath_open(&datapath, config, &callbacks, &error);
    if (status == 0)
        status = afxdp_datapath_start(datapath, &error);
    if (status == 0) {
        while ((status = afxdp_datapath_poll(datapath, 100, &error)) > 0)
            ;
        afxdp_datapath_stop(datapath); /* no worker and no event any more: all sums are whole */
        print_sums(&watch);
    }
    if (status < 0)
        fprintf(stderr, "watch: %s\n", error.text);
    afxdp_datapath_close(datapath);
    afxdp_config_free(config);
    return status < 0;
}
