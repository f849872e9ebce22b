// SPDX-License-Identifier: BSD-2-Clause
#include "nn_probe.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROBES_MAX = 8192,
    AS_THEY_ARE = 4,  /* of as many rows one */
    SWAPPED = 10,     /* of as many values of the others one is another row's */
    OFF_MOST = 30000, /* of a million */
};

#define LEAST_LEAD 0x1p-40

/* xorshift64*: for rows that look like others, nothing more. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
}

static uint32_t beside(uint32_t value, uint64_t *state)
{
    int64_t share = (int64_t)(draw(state) % (2 * OFF_MOST + 1)) - OFF_MOST;
    int64_t other = (int64_t)value + (int64_t)value * share / 1000000;

    return other > UINT32_MAX ? UINT32_MAX : (uint32_t)other;
}

int nn_probe_new(struct nn_probe **out, const uint32_t *rows, size_t count, uint32_t inputs)
{
    struct nn_probe *probe = calloc(1, sizeof(*probe));
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

    if (!probe)
        return -ENOMEM;
    probe->count = 2 * count < PROBES_MAX ? 2 * count : PROBES_MAX;
    probe->rows = calloc(probe->count, sizeof(*probe->rows));
    probe->wanted = calloc(probe->count, sizeof(*probe->wanted));
    if (!probe->rows || !probe->wanted) {
        nn_probe_free(probe);
        return -ENOMEM;
    }
    for (size_t p = 0; p < probe->count; p++) {
        memcpy(probe->rows[p], rows + p * count / probe->count * inputs,
               inputs * sizeof(probe->rows[p][0]));
        bool as_it_is = draw(&state) % AS_THEY_ARE == 0;
        for (uint32_t i = 0; !as_it_is && i < inputs; i++) {
            if (draw(&state) % SWAPPED == 0)
                probe->rows[p][i] = rows[draw(&state) % count * inputs + i];
            probe->rows[p][i] = beside(probe->rows[p][i], &state);
        }
    }
    *out = probe;
    return 0;
}

void nn_probe_free(struct nn_probe *probe)
{
    if (!probe)
        return;
    free(probe->rows);
    free(probe->wanted);
    free(probe);
}

void nn_aim_take(struct nn_aim *aim, const double *wanted, uint32_t classes, double scale)
{
    aim->best = 0;
    for (uint32_t c = 1; c < classes; c++)
        aim->best = wanted[c] > wanted[aim->best] ? c : aim->best;
    for (uint32_t c = 0; c < classes; c++)
        aim->share[c] = scale / fmax(wanted[aim->best] - wanted[c], LEAST_LEAD);
}

double nn_aim_loss(const struct nn_aim *aim, const double *logits, uint32_t classes)
{
    double loss = 0;

    for (uint32_t c = 0; c < classes; c++) {
        double off = 1 - (logits[aim->best] - logits[c]) * aim->share[c];

        if (c != aim->best && off * off > loss)
            loss = off * off;
    }
    return loss < 1 ? loss : 1;
}
