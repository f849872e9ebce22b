// SPDX-License-Identifier: BSD-2-Clause
#include "import.h"

enum {
    EVEN_ROWS = 200,
    EXTREME_ROWS = 2 * FEATURES_1,
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
        uint32_t value = import->features[i].value[feature];

        if (value < import->features[*least].value[feature])
            *least = i;
        if (value > import->features[*largest].value[feature])
            *largest = i;
    }
}

/* All features at one extreme first, then each at another: neighbours of powers of two mixed by a
 * multiplicative hash of the place. */
static uint32_t made_up_value(uint32_t vector, uint32_t feature)
{
    if (vector == 0)
        return 0;
    if (vector == 1)
        return UINT32_MAX;
    uint32_t mixed = (vector * FEATURES_1 + feature) * UINT32_C(2654435761);
    uint32_t power = UINT32_C(1) << (mixed >> 27);

    return power + (mixed >> 8) % 3 - 1;
}

uint32_t import_pick_golden(const struct import *import, struct features golden[IMPORT_GOLDEN_MAX])
{
    uint32_t count = 0;
    size_t even = import->rows < EVEN_ROWS ? import->rows : EVEN_ROWS;

    for (size_t i = 0; i < even; i++)
        golden[count++] = import->features[i * import->rows / even];
    for (uint32_t feature = 0; feature < FEATURES_1; feature++) {
        size_t least, largest;

        find_extremes(import, feature, &least, &largest);
        golden[count++] = import->features[least];
        golden[count++] = import->features[largest];
    }
    for (uint32_t vector = 0; vector < MADE_UP; vector++, count++) {
        for (uint32_t feature = 0; feature < FEATURES_1; feature++)
            golden[count].value[feature] = made_up_value(vector, feature);
    }
    return count;
}
