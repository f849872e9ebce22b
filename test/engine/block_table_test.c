// SPDX-License-Identifier: BSD-2-Clause
/* Blocks, against a list that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "block_table.h"
#include "random.h"

#define SECOND UINT64_C(1000000000)

enum { MOST = 20, HOSTS = 60, STEPS = 200000 };

static struct block_key host(uint32_t number)
{
    return (struct block_key){(uint64_t)number << 32, 0, 4};
}

struct model {
    struct {
        uint32_t host;
        uint64_t until;
    } block[MOST]; /* the least recent first */
    uint32_t count;
};

static uint32_t find(const struct model *model, uint32_t number)
{
    uint32_t i = 0;

    while (i < model->count && model->block[i].host != number)
        i++;
    return i;
}

static void take_out(struct model *model, uint32_t i)
{
    model->count--;
    memmove(&model->block[i], &model->block[i + 1], (model->count - i) * sizeof(model->block[0]));
}

static void offend(struct block_table *table, struct model *model, uint32_t number, uint64_t now,
                   uint64_t ns)
{
    const struct block_key key = host(number);
    uint32_t i = find(model, number);
    uint64_t until = now + ns;
    struct block_key evicted;

    if (i < model->count) {
        until = until > model->block[i].until ? until : model->block[i].until;
        assert_int_equal(block_table_offence(table, &key, now, ns), BLOCK_EXTENDED);
        take_out(model, i);
    } else {
        assert_int_equal(block_table_offence(table, &key, now, ns), BLOCK_BEGIN);
        bool full = block_table_add(table, &key, until, &evicted);
        assert_int_equal(full, model->count == MOST);
        if (full) {
            const struct block_key oldest = host(model->block[0].host);

            assert_true(block_key_equal(&evicted, &oldest));
            take_out(model, 0);
        }
    }
    model->block[model->count].host = number;
    model->block[model->count++].until = until;
}

static void expire(struct block_table *table, struct model *model, uint64_t now)
{
    uint32_t places = 3 * MOST;
    struct block_key ended;

    while (block_table_expire(table, now, &places, &ended)) {
        uint32_t i = find(model, (uint32_t)(ended.high >> 32));

        assert_true(i < model->count && model->block[i].until <= now);
        take_out(model, i);
    }
    for (uint32_t i = 0; i < model->count; i++)
        assert_true(model->block[i].until > now);
}

/* Everybody once, by place, and nobody else. */
static void walk(const struct block_table *table, const struct model *model)
{
    struct block_key source;
    uint32_t seen = 0;
    uint64_t until;

    for (uint32_t place = 0; place < block_table_places(table); place++) {
        if (!block_table_at(table, place, &source, &until))
            continue;
        uint32_t i = find(model, (uint32_t)(source.high >> 32));

        assert_true(i < model->count && model->block[i].until == until);
        seen++;
    }
    assert_int_equal(seen, model->count);
}

static void test_as_a_plain_list(void **state)
{
    struct random random = random_begin("block_table_test");
    struct model model = {.count = 0};
    struct block_table *table;
    uint64_t now = SECOND;

    (void)state;
    assert_int_equal(block_table_new(&table, MOST, 1), 0);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t number = 1 + random_below(&random, HOSTS);
        const struct block_key key = host(number);

        now += random_below(&random, (uint32_t)SECOND / 10);
        switch (random_below(&random, 8)) {
        case 0:
            expire(table, &model, now);
            walk(table, &model);
            break;
        case 1:
            assert_int_equal(block_table_remove(table, &key), find(&model, number) < model.count);
            if (find(&model, number) < model.count)
                take_out(&model, find(&model, number));
            break;
        default:
            offend(table, &model, number, now, (1 + random_below(&random, 5)) * SECOND);
        }
        assert_int_equal(block_table_count(table), model.count);
    }
    block_table_free(table);
}

static void test_enough_offences_in_time(void **state)
{
    const struct block_key one = host(1);
    struct block_table *table;

    (void)state;
    assert_int_equal(block_table_new(&table, MOST, 3), 0);
    for (uint32_t i = 0; i < 10; i++) /* one each 6 s: never three within 10 s */
        assert_int_equal(block_table_offence(table, &one, (20 + 6 * i) * SECOND, SECOND),
                         BLOCK_NOT_YET);
    assert_int_equal(block_table_offence(table, &one, 100 * SECOND, SECOND), BLOCK_NOT_YET);
    assert_int_equal(block_table_offence(table, &one, 101 * SECOND, SECOND), BLOCK_NOT_YET);
    assert_int_equal(block_table_offence(table, &one, 102 * SECOND, SECOND), BLOCK_BEGIN);
    block_table_free(table);
}

/* However many offend in turns, and whichever fall together. */
static void test_sources_in_turns(void **state)
{
    (void)state;
    enum { SOURCES = 2000, AFTER = 3 };
    struct block_table *table;

    assert_int_equal(block_table_new(&table, SOURCES, AFTER), 0);
    for (uint32_t turn = 1; turn <= AFTER; turn++) {
        for (uint32_t i = 0; i < SOURCES; i++) {
            const struct block_key key = host(i);

            assert_int_equal(block_table_offence(table, &key, turn * SECOND, SECOND),
                             turn < AFTER ? BLOCK_NOT_YET : BLOCK_BEGIN);
        }
    }
    block_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_a_plain_list),
        cmocka_unit_test(test_enough_offences_in_time),
        cmocka_unit_test(test_sources_in_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
