// SPDX-License-Identifier: BSD-2-Clause
/* Packet memory: every chunk once, and back by any address inside it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "umem.h"

enum { FRAMES = 1000 };

static void test_every_chunk_once(void **state)
{
    const uint32_t sizes[] = {UMEM_FRAME_SIZE_LEAST, UMEM_FRAME_SIZE_MOST};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct umem umem;
        bool seen[FRAMES] = {false};
        uint64_t taken[FRAMES];

        assert_int_equal(umem_map(&umem, FRAMES, sizes[i], -1, true, NULL), 0);
        assert_int_equal(umem.free_count, FRAMES);
        for (uint32_t n = 0; n < FRAMES; n++) {
            taken[n] = umem_get(&umem);
            assert_int_equal(taken[n] % sizes[i], 0);
            assert_true(taken[n] / sizes[i] < FRAMES);
            assert_false(seen[taken[n] / sizes[i]]);
            seen[taken[n] / sizes[i]] = true;
            umem.memory[taken[n] + sizes[i] - 1] = 1; /* it is there */
        }
        assert_int_equal(umem.free_count, 0);
        for (uint32_t n = 0; n < FRAMES; n++)
            umem_put(&umem, taken[n] + n % sizes[i]); /* wherever the packet began */
        assert_int_equal(umem.free_count, FRAMES);
        assert_int_equal(umem_get(&umem), taken[FRAMES - 1]); /* the last freed is the next used */
        umem_unmap(&umem);
    }
}

static void test_chains(void **state)
{
    struct umem umem;

    (void)state;
    assert_int_equal(umem_map(&umem, 4, UMEM_FRAME_SIZE_LEAST, -1, true, NULL), 0);
    *umem_next(&umem, 2048 + 256) = (struct umem_buffer){.address = 4096 + 256, .length = 5};
    assert_int_equal(umem_next(&umem, 2048 + 300)->address, 4096 + 256);
    assert_int_equal(umem_next(&umem, 4096)->address, 0);
    umem_unmap(&umem);
}

static void test_sizes(void **state)
{
    struct umem umem;
    struct error error = {""};

    (void)state;
    assert_int_equal(umem_map(&umem, 4, 3000, -1, false, &error), -EINVAL);
    assert_string_not_equal(error.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chunk_once),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
