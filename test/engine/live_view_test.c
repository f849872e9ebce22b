// SPDX-License-Identifier: BSD-2-Clause
/* The live view: what it makes of two looks at an engine, and that no screen is too small for it.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

#include "live_view.h"

static const char stats_text[] =
    "{'interface': 'eth1', 'datapath': 'afxdp', 'mode': 'copy', 'seconds': %d, 'packets': %d,"
    " 'bytes': %d, 'flows': 10, 'evictions': 0, 'classes': {'benign': %d, 'flood': %d},"
    " 'other': 0, 'malformed': 0, 'endings': {'dropped': %d}, 'model': {'path': 'a\\u001bb.q8',"
    " 'kind': 'nn', 'variant': 'scalar', 'checksum': '0123abcd'},"
    " 'events': {'written': 0, 'events_lost': {'flow': %d}}, 'queues': ["
    "{'interface': 'eth1', 'queue': 0, 'received': %d, 'busy_ns': %d, 'rx_ring_size': 64,"
    " 'rx_ring_looks': %d, 'rx_ring_waiting': %d, 'rx_ring_full': %d, 'rx_dropped': 0},"
    "{'interface': 'eth1', 'queue': 1, 'received': 0}]}";

/* The report after so many seconds of 1,000 packets each, a quarter of them a flood's. */
static json_t *stats_at(int s)
{
    char text[2048];

    snprintf(text, sizeof(text), stats_text, s, 1000 * s, 125000 * s, 750 * s, 250 * s, 250 * s,
             2 * s, 1000 * s, 500000000 * s, 10 * s, 320 * s, 3 * s);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *stats = json_loads(text, 0, NULL);
    assert_non_null(stats);
    return stats;
}

static json_t *list(const char *name, int length)
{
    json_t *list = json_array();

    for (int i = 0; i < length; i++)
        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:i, s:s, s:i, s:s, s:i}", "src_ip",
                                              "2001:db8::1", "src_port", i, "dest_ip",
                                              "2001:db8::2", "dest_port", 53, "proto", "UDP",
                                              "packets", 9, "ip", "192.0.2.1", "flows", 4));
    return json_pack("{s:i, s:o}", "total", length, name, list);
}

static void look_twice(struct live_view *view, int lists)
{
    for (int s = 1; s <= 2; s++)
        live_view_look(view, stats_at(s), lists ? list("flows", lists) : NULL,
                       lists ? list("hosts", lists) : NULL);
}

/* What is drawn; the caller's. */
static char *draw(const struct live_view *view, uint32_t rows, uint32_t columns, bool terminal)
{
    char *text = NULL;
    size_t length = 0;
    struct live_screen screen = {.to = open_memstream(&text, &length),
                                 .rows = rows,
                                 .columns = columns,
                                 .terminal = terminal};

    live_view_draw(view, &screen);
    fclose(screen.to);
    return text;
}

static void rates_are_of_the_last_look(void **state)
{
    (void)state;
    struct live_view *view = calloc(1, sizeof(*view));

    look_twice(view, 1);
    char *text = draw(view, 24, 80, false);
    assert_string_equal(
        text, "afxdp-engine eth1  afxdp, copy mode  up 0:00:02\n"
              "model    a?b.q8 (nn, scalar, checksum 0123abcd)\n"
              "packets  1000/s, 1.0 Mbit/s, dropped 250/s; flows begun 0/s, evicted 0/s\n"
              "class                   packets     share        last minute\n"
              "  benign                  750/s    75.0 %                                     #\n"
              "  flood                   250/s    25.0 %                                     #\n"
              "  other                     0/s     0.0 %                                     _\n"
              "  malformed                 0/s     0.0 %                                     _\n"
              "queue              packets  busy  ring     lost  last minute\n"
              "  eth1 0            1000/s  50 %  50 %      3/s                               #\n"
              "  eth1 1               0/s     -     -      0/s                               _\n"
              "events   0/s written, 2/s lost (4 in all)\n"
              "flows, 1 in all                                         packets\n"
              "  2001:db8::1:0 > 2001:db8::2:53 UDP                          9\n"
              "hosts that began most flows                             packets     flows\n"
              "  192.0.2.1                                                   9         4\n");
    free(text);
    live_view_free(view);
    free(view);
}

static void no_screen_is_too_small(void **state)
{
    (void)state;

    for (int lists = 0; lists <= 40; lists += 40) {
        struct live_view *view = calloc(1, sizeof(*view));

        look_twice(view, lists);
        for (uint32_t rows = 1; rows < 40; rows++) {
            for (uint32_t columns = 1; columns < 140; columns += 3) {
                char *text = draw(view, rows, columns, false);
                uint32_t lines = 0;

                for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
                    assert_true(strlen(line) <= columns);
                assert_true(lines <= rows);
                free(text);
            }
        }
        live_view_free(view);
        free(view);
    }
}

static void colours_are_for_terminals(void **state)
{
    (void)state;
    struct live_view *view = calloc(1, sizeof(*view));

    look_twice(view, 1);
    char *plain = draw(view, 24, 80, false);
    char *coloured = draw(view, 24, 80, true);
    assert_null(strchr(plain, '\033'));
    assert_non_null(strstr(coloured, "\033[31m  flood"));
    assert_null(strstr(coloured, "\033[31m  benign"));
    assert_null(strstr(coloured, "a\033b")); /* a name steers no terminal */
    free(plain);
    free(coloured);
    live_view_free(view);
    free(view);
}

static void a_trace_is_a_minute(void **state)
{
    (void)state;
    struct trace trace = {.count = 0};
    char text[TRACE_TEXT];

    trace_text(&trace, 4, false, text);
    assert_string_equal(text, "    ");
    for (int i = 0; i < 70; i++)
        trace_add(&trace, i == 9 ? 1000 : i >= 68 ? 8 : i == 67 ? 0.001 : 0);
    trace_text(&trace, 60, false, text);
    assert_int_equal(strlen(text), 60);
    assert_string_equal(text + 56, "_.##"); /* the 1,000 of 61 s ago is gone */
    trace_text(&trace, 30, false, text);
    assert_int_equal(strlen(text), 30);
    assert_string_equal(text + 27, "_.#");
    trace_text(&trace, 60, true, text);
    assert_string_equal(text + strlen(text) - 6, "██");
    trace_text(&trace, 0, true, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_of_the_last_look),
        cmocka_unit_test(no_screen_is_too_small),
        cmocka_unit_test(colours_are_for_terminals),
        cmocka_unit_test(a_trace_is_a_minute),
    };

    return cmocka_run_group_tests_name("live_view", tests, NULL, NULL);
}
