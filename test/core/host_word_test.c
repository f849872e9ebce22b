// SPDX-License-Identifier: BSD-2-Clause
/* Words of the host memory against a model that keeps whole windows and plain numbers: in order,
 * and with other writers coming in between a change's load and its swap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every swap of the header goes through here, see interleavings below. */
static _Bool swap_hook(uint64_t *word, uint64_t *seen, uint64_t to);
#define __atomic_compare_exchange_n(word, seen, to, weak, success, failure)                        \
    swap_hook(word, seen, to)

#include "host_word.h"

enum change { RAISE, RAISE_THEN, MARK };

struct operation {
    enum change change;
    uint32_t window;
    uint32_t what; /* counters, or the bit */
    uint32_t sample;
};

/* One parity's word. `window` is the whole number, as if nothing wrapped. */
struct model {
    uint32_t window;
    uint32_t count[3];
    bool map[HOST_MAP_BITS];
};

static uint64_t words[2];
static struct model models[2];
static bool of_maps; /* what these words hold: counters or maps */

static uint32_t random_below(uint32_t bound)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 32) * bound >> 32);
}

static void start(bool maps)
{
    memset(words, 0, sizeof(words));
    memset(models, 0, sizeof(models));
    models[1].window = 1;
    of_maps = maps;
}

static uint32_t model_raised(uint32_t count, uint32_t sample)
{
    uint32_t step = 1;

    if (count > 1024)
        step = 16;
    if (count > 8192)
        step = 64;
    if (sample % step != 0)
        return count;
    return count + step > 65535 ? 65535 : count + step;
}

static void model_apply(const struct operation *operation)
{
    struct model *model = &models[operation->window % 2];
    bool counts = model->window == operation->window || model->window == operation->window + 2;

    if (operation->change == RAISE_THEN && model->window != operation->window)
        return;
    if (operation->change != RAISE_THEN && !counts) {
        memset(model, 0, sizeof(*model));
        model->window = operation->window;
    }
    if (operation->change == MARK)
        model->map[operation->what] = true;
    for (int i = 0; i < 3 && operation->change != MARK; i++) {
        if (operation->what >> i & 1)
            model->count[i] = model_raised(model->count[i], operation->sample);
    }
}

static void assert_as_the_model(void)
{
    for (int parity = 0; parity < 2; parity++) {
        const struct model *model = &models[parity];
        uint64_t word = (uint64_t)(model->window / 2 % 65536) << 48;

        for (int i = 0; i < 3 && !of_maps; i++)
            word |= (uint64_t)model->count[i] << (16 * i);
        for (int i = 0; i < HOST_MAP_BITS && of_maps; i++)
            word |= (uint64_t)model->map[i] << i;
        assert_int_equal(words[parity], word);
    }
}

/* Interleavings: before a swap, whole changes of others come in, and others into these. The model
 * makes a change at the moment of its swap. */
enum { NESTED_MAX = 6 };

static const struct operation *pending[NESTED_MAX];
static int nested;
static int
    restless; /* of 100 swaps, before how many somebody comes in; 100: with the same change */
static uint32_t window_now;
static uint64_t left_out;

static uint32_t perform(const struct operation *operation)
{
    uint32_t result = 0;

    pending[nested++] = operation;
    if (operation->change == RAISE)
        result = host_words_raise(words, operation->window, operation->what, operation->sample);
    else if (operation->change == RAISE_THEN)
        result =
            host_words_raise_then(words, operation->window, operation->what, operation->sample);
    else
        result = host_words_mark(words, operation->window, operation->what);
    nested--;
    return result;
}

static struct operation random_operation(void)
{
    struct operation operation = {.change = of_maps ? MARK : (enum change)random_below(2),
                                  .window = window_now,
                                  .sample = random_below(64)};

    if (random_below(50) == 0) /* a clock ahead, or behind */
        operation.window += random_below(5) - 2;
    if (operation.change == RAISE_THEN)
        operation.window -= random_below(4);
    operation.what = of_maps ? random_below(HOST_MAP_BITS) : 1 + random_below(7);
    return operation;
}

static _Bool swap_hook(uint64_t *word, uint64_t *seen, uint64_t to)
{
    if (nested < NESTED_MAX && random_below(100) < (uint32_t)restless) {
        struct operation other = restless == 100 ? *pending[0] : random_operation();

        left_out += perform(&other);
    }
    if (*word != *seen) {
        *seen = *word;
        return false;
    }
    *word = to;
    model_apply(pending[nested - 1]);
    assert_as_the_model();
    return true;
}

/* Windows go on, now and then by many, and rarely back. */
static void advance(void)
{
    if (random_below(200) == 0)
        window_now++;
    if (random_below(5000) == 0)
        window_now += random_below(4) == 0 ? random_below(1000) : 2;
    if (random_below(20000) == 0)
        window_now -= random_below(5);
}

static void run_random(bool maps, int how_restless, uint32_t count)
{
    start(maps);
    restless = how_restless;
    window_now = 70000;
    left_out = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct operation operation = random_operation();
        uint64_t before[2] = {words[0], words[1]};
        uint32_t result = perform(&operation);

        left_out += result;
        if (how_restless == 0) {
            assert_int_equal(result, 0);
            if (memcmp(before, words, sizeof(words)) == 0) { /* then the model knows why */
                model_apply(&operation);
                assert_as_the_model();
            }
        }
        advance();
    }
}

static void changes_as_the_model_in_order(void **state)
{
    (void)state;
    run_random(false, 0, 400000);
    run_random(true, 0, 400000);
}

static void changes_as_the_model_when_writers_interleave(void **state)
{
    (void)state;
    run_random(false, 40, 700000);
    assert_true(left_out > 0); /* else this would show little */
    run_random(true, 40, 700000);
}

/* Three others in a row, and the change is left out, said, and not half made. */
static void leaves_a_change_out_after_three_failures(void **state)
{
    (void)state;
    struct operation operation = {RAISE, 8, HOST_FIRST, 0};

    start(false);
    restless = 100; /* the innermost of them get through */
    assert_int_equal(perform(&operation), 1);
    uint64_t others = words[0] & 0xffff;
    assert_in_range(others, HOST_TRIES, 1000);
    restless = 0;
    assert_int_equal(perform(&operation), 0);
    assert_int_equal(words[0] & 0xffff, others + 1);
}

static uint32_t first_count(uint32_t window)
{
    return host_count(host_words_read(words, window), 0);
}

static void raise(uint32_t window)
{
    struct operation operation = {RAISE, window, HOST_FIRST, 0};

    restless = 0;
    assert_int_equal(perform(&operation), 0);
}

static void reads_this_window_and_the_last(void **state)
{
    (void)state;
    start(false);
    raise(10);
    raise(10);
    raise(11);
    assert_int_equal(first_count(10), 3); /* 11 is newer than the reader, and counts */
    assert_int_equal(first_count(11), 3);
    assert_int_equal(first_count(12), 1);
    assert_int_equal(first_count(13), 0);
}

/* Two windows ahead of the reader is current, three is not. */
static void reads_words_up_to_two_windows_newer(void **state)
{
    (void)state;
    start(false);
    raise(20);
    assert_int_equal(first_count(20), 1);
    assert_int_equal(first_count(19), 1);
    assert_int_equal(first_count(18), 1);
    assert_int_equal(first_count(17), 0);
    raise(18); /* in the word of 20 */
    assert_int_equal(first_count(21), 2);
    raise(16); /* four behind: the word begins anew */
    assert_int_equal(first_count(20), 0);
    assert_int_equal(first_count(16), 1);
}

/* A word comes round after 2^17 windows, 13 days; its cell is then as if it had been busy. */
static void wraps_after_13_days(void **state)
{
    (void)state;
    start(false);
    raise(30);
    assert_int_equal(first_count(30 + (1 << 16)), 0);
    assert_int_equal(first_count(30 + (1 << 17) - 3), 0);
    assert_int_equal(first_count(30 + (1 << 17) - 2), 1);
    assert_int_equal(first_count(30 + (1 << 17) + 1), 1);
    assert_int_equal(first_count(30 + (1 << 17) + 2), 0);
    raise(UINT32_MAX);
    raise(0); /* the windows themselves wrap too */
    assert_int_equal(first_count(0), 2);
}

static void counts_the_distinct(void **state)
{
    (void)state;
    start(true);
    restless = 0;
    for (uint32_t bit = 0; bit < HOST_MAP_BITS; bit++) {
        struct operation operation = {MARK, 40 + bit % 2, bit, 0};

        assert_int_equal(perform(&operation), 0);
        assert_int_equal(perform(&operation), 0);
        assert_int_equal(host_distinct(host_words_read(words, 41)), bit + 1);
    }
    assert_int_equal(host_distinct(host_words_read(words, 42)), HOST_MAP_BITS / 2);
    assert_int_equal(host_distinct(host_words_read(words, 50)), 0);
}

/* Over all samples a counter rises by one per flow, below and above the limits, to its end. */
static void counts_large_numbers_by_samples(void **state)
{
    (void)state;
    uint64_t value = 0;

    for (uint32_t i = 0; i < 65600; i++) {
        value = host_raised(value, 16, 1, i * 37 % 64);
        uint32_t count = (uint32_t)(value >> 16) & 0xffff;

        if (i < 1024)
            assert_int_equal(count, i + 1);
        assert_in_range(count, i > 128 ? i - 128 : 0, i + 128);
        assert_int_equal(value & ~UINT64_C(0xffff0000), 0);
    }
    assert_int_equal(value, 0xffff0000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_as_the_model_in_order),
        cmocka_unit_test(changes_as_the_model_when_writers_interleave),
        cmocka_unit_test(leaves_a_change_out_after_three_failures),
        cmocka_unit_test(reads_this_window_and_the_last),
        cmocka_unit_test(reads_words_up_to_two_windows_newer),
        cmocka_unit_test(wraps_after_13_days),
        cmocka_unit_test(counts_the_distinct),
        cmocka_unit_test(counts_large_numbers_by_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
