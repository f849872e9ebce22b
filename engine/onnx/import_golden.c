// SPDX-License-Identifier: BSD-2-Clause
#include "import.h"

#include <string.h>

enum {
    EVEN_ROWS = 200,
    EXTREME_ROWS = 2 * FEATURES_MAX, /* at most */
    MADE_UP = 96,
};

_Static_assert(EVEN_ROWS + EXTREME_ROWS + MADE_UP == IMPORT_GOLDEN_MAX, "the array has room");

/* The rows with the least and the largest value of a feature. */
static void find_extremes(const struct import *import, uint32_t feature, size_t *least,
                          size_t *largest)
{
    *least = 0;
    *largest = 0;
    for (size_t i = 1; i < import->rows; i++) {
        uint32_t value = import_row(import, i)[feature];

        if (value < import_row(import, *least)[feature])
            *least = i;
        if (value > import_row(import, *largest)[feature])
            *largest = i;
    }
}

/* All features at one extreme first, then each at another: neighbours of powers of two mixed by a
 * multiplicative hash of the place among all `count` features of all vectors. */
static uint32_t made_up_value(uint32_t vector, uint32_t feature, uint32_t count)
{
    if (vector == 0)
        return 0;
    if (vector == 1)
        return UINT32_MAX;
    uint32_t mixed = (vector * count + feature) * UINT32_C(2654435761);
    uint32_t power = UINT32_C(1) << (mixed >> 27);

    return power + (mixed >> 8) % 3 - 1;
}

/* A vector of one of the rows. */
static void take_row(const struct import *import, size_t row, uint32_t *vector)
{
    memcpy(vector, import_row(import, row), feature_count(import->feature_set) * sizeof(*vector));
}

uint32_t import_pick_golden(const struct import *import, uint32_t (*golden)[FEATURES_MAX])
{
    uint32_t features = feature_count(import->feature_set);
    uint32_t count = 0;
    size_t even = import->rows < EVEN_ROWS ? import->rows : EVEN_ROWS;

    for (size_t i = 0; i < even; i++)
        take_row(import, i * import->rows / even, golden[count++]);
    for (uint32_t feature = 0; feature < features; feature++) {
        size_t least, largest;

        find_extremes(import, feature, &least, &largest);
        take_row(import, least, golden[count++]);
        take_row(import, largest, golden[count++]);
    }
    for (uint32_t vector = 0; vector < MADE_UP; vector++, count++) {
        for (uint32_t feature = 0; feature < features; feature++)
            golden[count][feature] = made_up_value(vector, feature, features);
    }
    return count;
}
