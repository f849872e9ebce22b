// SPDX-License-Identifier: BSD-2-Clause
#include "live_view.h"

#include <math.h>
#include <string.h>

enum {
    NAME_WIDTH = 14,
    FIXED_WIDTH = 49, /* of a row with a trace, beside the trace */
    BOLD = 1,
    RED = 31,
    LIST_LEAST = 2, /* flows, hosts */
};

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

void live_view_free(struct live_view *view)
{
    json_decref(view->stats);
    json_decref(view->before);
    json_decref(view->flows);
    json_decref(view->hosts);
}

static struct live_rate *rate_of(struct live_view *view, const char *name)
{
    for (uint32_t i = 0; i < view->rate_count; i++)
        if (strcmp(view->rate[i].name, name) == 0)
            return &view->rate[i];
    if (view->rate_count == LIVE_VIEW_TRACES)
        return NULL;
    struct live_rate *rate = &view->rate[view->rate_count++];
    snprintf(rate->name, sizeof(rate->name), "%s", name);
    return rate;
}

static const struct live_rate *find_rate(const struct live_view *view, const char *name)
{
    static const struct live_rate none;

    for (uint32_t i = 0; i < view->rate_count; i++)
        if (strcmp(view->rate[i].name, name) == 0)
            return &view->rate[i];
    return &none;
}

/* What a member grew by in a second. */
static double grown(const struct live_view *view, const json_t *now, const json_t *before,
                    const char *name)
{
    if (view->passed <= 0 || !before)
        return 0;
    return (number(now, name) - number(before, name)) / view->passed;
}

static void queue_name(char name[40], const json_t *queue)
{
    const json_t *index = json_object_get(queue, "queue");

    if (json_is_integer(index))
        snprintf(name, 40, "%.16s %u", text(queue, "interface"),
                 (unsigned)json_integer_value(index));
    else
        snprintf(name, 40, "%.16s other", text(queue, "interface"));
}

/* Queues stay where they are for as long as the engine runs. */
static const json_t *queue_before(const struct live_view *view, size_t i)
{
    return json_array_get(json_object_get(view->before, "queues"), i);
}

static void take(struct live_view *view, const char *name, double rate)
{
    struct live_rate *kept = rate_of(view, name);

    if (!kept)
        return;
    kept->rate = rate;
    trace_add(&kept->trace, rate);
}

static void take_rates(struct live_view *view)
{
    const json_t *classes = json_object_get(view->before, "classes");
    const char *name;
    const json_t *queue;
    json_t *value;
    size_t i;

    json_object_foreach(json_object_get(view->stats, "classes"), name, value)
    {
        take(view, name, grown(view, json_object_get(view->stats, "classes"), classes, name));
    }
    take(view, "other", grown(view, view->stats, view->before, "other"));
    take(view, "malformed", grown(view, view->stats, view->before, "malformed"));
    json_array_foreach(json_object_get(view->stats, "queues"), i, queue)
    {
        char of_queue[40];

        queue_name(of_queue, queue);
        take(view, of_queue, grown(view, queue, queue_before(view, i), "received"));
    }
}

void live_view_look(struct live_view *view, json_t *stats, json_t *flows, json_t *hosts)
{
    json_decref(view->before);
    json_decref(view->flows);
    json_decref(view->hosts);
    view->before = view->stats;
    view->stats = stats;
    view->flows = flows;
    view->hosts = hosts;
    view->passed = view->before ? number(stats, "seconds") - number(view->before, "seconds") : 0;
    if (view->before)
        take_rates(view);
}

static void draw_head(const struct live_view *view, struct live_screen *screen)
{
    const json_t *stats = view->stats, *before = view->before;
    const json_t *model = json_object_get(stats, "model");
    const json_t *endings = json_object_get(stats, "endings");
    const json_t *ended = json_object_get(before, "endings");
    unsigned up = (unsigned)number(stats, "seconds");

    live_screen_line(screen, BOLD, "afxdp-engine %s  %s, %s mode  up %u:%02u:%02u",
                     text(stats, "interface"), text(stats, "datapath"), text(stats, "mode"),
                     up / 3600, up / 60 % 60, up % 60);
    if (json_is_object(model))
        live_screen_line(screen, 0, "model    %s (%s, %s, checksum %s)", text(model, "path"),
                         text(model, "kind"), text(model, "variant"), text(model, "checksum"));
    else
        live_screen_line(screen, 0, "model    none");
    live_screen_line(
        screen, 0,
        "packets  %.0f/s, %.1f Mbit/s, dropped %.0f/s; flows begun %.0f/s, evicted %.0f/s",
        grown(view, stats, before, "packets"), grown(view, stats, before, "bytes") * 8e-6,
        grown(view, endings, ended, "dropped") + grown(view, endings, ended, "limited"),
        grown(view, stats, before, "flows"), grown(view, stats, before, "evictions"));
}

static uint32_t trace_width(const struct live_screen *screen)
{
    uint32_t room = screen->columns > FIXED_WIDTH ? screen->columns - FIXED_WIDTH : 0;

    return room >= TRACE_LENGTH ? TRACE_LENGTH : room >= TRACE_LENGTH / 2 ? TRACE_LENGTH / 2 : room;
}

static void draw_class(const struct live_view *view, struct live_screen *screen, const char *name,
                       bool first)
{
    const struct live_rate *rate = find_rate(view, name);
    double all = grown(view, view->stats, view->before, "packets");
    bool attack = !first && rate->rate > 0 && strcmp(name, "other") != 0;
    char trace[TRACE_TEXT];

    trace_text(&rate->trace, trace_width(screen), screen->unicode, trace);
    live_screen_line(screen, attack ? RED : 0, "  %-*.*s %12.0f/s %7.1f %%%6s  %s", NAME_WIDTH,
                     NAME_WIDTH, name, rate->rate, all > 0 ? 100 * rate->rate / all : 0, "", trace);
}

static void draw_classes(const struct live_view *view, struct live_screen *screen)
{
    const char *name;
    json_t *value;
    bool first = true;

    live_screen_line(screen, BOLD, "%-*s %14s %9s%6s  %s", NAME_WIDTH + 2, "class", "packets",
                     "share", "", "last minute");
    json_object_foreach(json_object_get(view->stats, "classes"), name, value)
    {
        draw_class(view, screen, name, first);
        first = false;
    }
    draw_class(view, screen, "other", false);
    draw_class(view, screen, "malformed", false);
}

/* How full the RX ring was on the mean, where there is one. */
static void ring_text(const struct live_view *view, const json_t *queue, const json_t *before,
                      char ring[8])
{
    double looks = grown(view, queue, before, "rx_ring_looks");
    double size = number(queue, "rx_ring_size");

    snprintf(ring, 8, size > 0 ? "%.0f %%" : "-",
             looks > 0 ? ceil(100 * grown(view, queue, before, "rx_ring_waiting") / looks / size)
                       : 0);
}

static void draw_queue(const struct live_view *view, struct live_screen *screen, size_t i,
                       const json_t *queue)
{
    const json_t *before = queue_before(view, i);
    double lost =
        grown(view, queue, before, "rx_ring_full") + grown(view, queue, before, "rx_dropped");
    bool worker = json_object_get(queue, "busy_ns") != NULL;
    const struct live_rate *rate;
    char trace[TRACE_TEXT];
    char name[40], busy[8] = "-", ring[8];

    queue_name(name, queue);
    rate = find_rate(view, name);
    if (worker)
        snprintf(busy, sizeof(busy), "%.0f %%",
                 fmin(100, grown(view, queue, before, "busy_ns") / 1e7));
    ring_text(view, queue, before, ring);
    trace_text(&rate->trace, trace_width(screen), screen->unicode, trace);
    live_screen_line(screen, lost > 0 ? RED : 0, "  %-*.*s %7.0f/s %5s %5s %6.0f/s  %s", NAME_WIDTH,
                     NAME_WIDTH, name, rate->rate, busy, ring, lost, trace);
}

/* `most`: rows beside the head; one stands for those that find no room. */
static void draw_queues(const struct live_view *view, struct live_screen *screen, uint32_t most)
{
    const json_t *queues = json_object_get(view->stats, "queues");
    size_t count = json_array_size(queues);
    size_t shown = count <= most ? count : most - 1;

    live_screen_line(screen, BOLD, "%-*s %9s %5s %5s %8s  %s", NAME_WIDTH + 2, "queue", "packets",
                     "busy", "ring", "lost", "last minute");
    for (size_t i = 0; i < shown; i++)
        draw_queue(view, screen, i, json_array_get(queues, i));
    if (shown < count)
        live_screen_line(screen, 0, "  and %zu more", count - shown);
}

static void draw_events(const struct live_view *view, struct live_screen *screen)
{
    const json_t *events = json_object_get(view->stats, "events");
    const json_t *before = json_object_get(view->before, "events");
    const json_t *lost = json_object_get(events, "events_lost");
    double lost_now = 0, lost_all = 0;
    const char *kind;
    json_t *value;

    if (!events)
        return;
    json_object_foreach((json_t *)(uintptr_t)lost, kind, value)
    {
        lost_all += json_number_value(value);
        lost_now += grown(view, lost, json_object_get(before, "events_lost"), kind);
    }
    live_screen_line(screen, lost_now > 0 ? RED : 0,
                     "events   %.0f/s written, %.0f/s lost (%.0f in all)",
                     grown(view, events, before, "written"), lost_now, lost_all);
}

static void draw_flows(const struct live_view *view, struct live_screen *screen, uint32_t most)
{
    const json_t *flow;
    char head[32];
    size_t i;

    snprintf(head, sizeof(head), "flows, %.0f in all", number(view->flows, "total"));
    live_screen_line(screen, BOLD, "%-50s %12s", head, "packets");
    json_array_foreach(json_object_get(view->flows, "flows"), i, flow)
    {
        char between[128];

        if (i == most)
            break;
        snprintf(between, sizeof(between), "%.45s:%.0f > %.45s:%.0f %.8s", text(flow, "src_ip"),
                 number(flow, "src_port"), text(flow, "dest_ip"), number(flow, "dest_port"),
                 text(flow, "proto"));
        live_screen_line(screen, 0, "  %-48s %12.0f", between, number(flow, "packets"));
    }
}

static void draw_hosts(const struct live_view *view, struct live_screen *screen, uint32_t most)
{
    const json_t *host;
    size_t i;

    live_screen_line(screen, BOLD, "%-50s %12s %9s", "hosts that began most flows", "packets",
                     "flows");
    json_array_foreach(json_object_get(view->hosts, "hosts"), i, host)
    {
        if (i == most)
            break;
        live_screen_line(screen, 0, "  %-48s %12.0f %9.0f", text(host, "ip"),
                         number(host, "packets"), number(host, "flows"));
    }
}

void live_view_draw(const struct live_view *view, struct live_screen *screen)
{
    uint32_t classes = (uint32_t)json_object_size(json_object_get(view->stats, "classes")) + 2;
    uint32_t fixed = 3 + 1 + classes + 1 + 1 + 2; /* with the heads of the lists */
    uint32_t lists = 2 * LIST_LEAST;
    uint32_t left = screen->rows > fixed + lists ? screen->rows - fixed - lists : 1;
    uint32_t queues = (uint32_t)json_array_size(json_object_get(view->stats, "queues"));

    draw_head(view, screen);
    draw_classes(view, screen);
    draw_queues(view, screen, left);
    draw_events(view, screen);
    if (!view->flows || !view->hosts) {
        live_screen_line(screen, 0, "flows and hosts: the engine doesn't tell of them");
        return;
    }
    lists += left > queues ? left - queues : 0;
    draw_flows(view, screen, (lists + 1) / 2);
    draw_hosts(view, screen, lists / 2);
}
