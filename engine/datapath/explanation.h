// SPDX-License-Identifier: BSD-2-Clause
/* Why a model says what it says of a row of features.
 *
 * Of a single tree: the comparisons from root to leaf. Of a network or a forest: the three features
 * whose value matters most, each replaced alone by what it usually is in the model's first class,
 * by how much of the lead over the next class goes with it. Usual is the median over those of
 * the file's golden vectors that are called that class and that a packet can have: the importer
 * takes them evenly from the calibration rows. */
#ifndef AFXDP_EXPLANATION_H
#define AFXDP_EXPLANATION_H

#include <jansson.h>

#include "q8.h"

/* The caller's object:
 *
 *     class, confidence, second (the next class)
 *     comparisons: [{feature, meaning, value, is ("at most", "above"), threshold}]
 *  or features:    [{feature, meaning, value, usual, lead_lost (%), class, confidence}], of which
 *                  class and confidence are what the model then says; empty where no golden vector
 * is called the first class row: {name: number} of all features
 *
 * `features` are as many as the model's set has. -EINVAL of a file that no classifier takes,
 * -ENOMEM. */
int explanation_of(json_t **out, const struct q8 *file, const uint32_t *features,
                   struct error *error);

#endif
