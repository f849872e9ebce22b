// SPDX-License-Identifier: BSD-2-Clause
/* Several writers and a reader on the same words of the host memory (for TSan too): every change is
 * made once, or left out and counted, and nobody sees half of one. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host_word.h"

/* Below 1,024 a counter counts every change. */
enum { WRITERS = 4, CHANGES = 250, CELLS = 64, ROUNDS = 20, WINDOW = 77 };

static struct {
    uint64_t flows[2];
    uint64_t peers[2];
} cells[CELLS] __attribute__((aligned(64)));
static pthread_barrier_t barrier;
static _Atomic bool done;
static _Atomic uint32_t window_now = WINDOW;
static _Atomic uint32_t torn;

/* Every writer raises all three counters at once: a reader always finds them equal. */
static void *read_on(void *context)
{
    (void)context;
    while (!done) {
        static uint32_t next;
        struct host_value value = host_words_read(cells[next++ % CELLS].flows, window_now);

        if (host_count(value, 0) != host_count(value, 16) ||
            host_count(value, 16) != host_count(value, 32))
            torn++;
    }
    return NULL;
}

static void *write_on(void *context)
{
    uint32_t *left_out = context;

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t window = WINDOW + 4 * (uint32_t)round; /* the former round's words are old */

        pthread_barrier_wait(&barrier);
        for (uint32_t i = 0; i < CHANGES * CELLS; i++) {
            left_out[round] += host_words_raise(cells[i % CELLS].flows, window,
                                                HOST_FIRST | HOST_SECOND | HOST_THIRD, i % 64);
            (void)host_words_mark(cells[i % CELLS].peers, window, i % HOST_MAP_BITS);
        }
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier); /* the words are looked at in between */
    }
    return NULL;
}

static void every_change_is_made_once_or_counted(void **state)
{
    static uint32_t left_out[WRITERS][ROUNDS];
    pthread_t writers[WRITERS];
    pthread_t reader;

    (void)state;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, WRITERS + 1), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_on, NULL), 0);
    for (int w = 0; w < WRITERS; w++)
        assert_int_equal(pthread_create(&writers[w], NULL, write_on, left_out[w]), 0);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t window = WINDOW + 4 * (uint32_t)round;
        uint32_t counted = 0;

        window_now = window;
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        for (int w = 0; w < WRITERS; w++)
            counted += left_out[w][round];
        for (int i = 0; i < CELLS; i++)
            counted += host_count(host_words_read(cells[i].flows, window), 0);
        assert_int_equal(counted, WRITERS * CHANGES * CELLS);
        pthread_barrier_wait(&barrier);
    }
    for (int w = 0; w < WRITERS; w++)
        assert_int_equal(pthread_join(writers[w], NULL), 0);
    done = true;
    assert_int_equal(pthread_join(reader, NULL), 0);
    assert_int_equal(torn, 0);
    pthread_barrier_destroy(&barrier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_is_made_once_or_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
