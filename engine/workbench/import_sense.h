// SPDX-License-Identifier: BSD-2-Clause
/* Whether an imported model makes sense on its calibration rows. */
#ifndef AFXDP_IMPORT_SENSE_H
#define AFXDP_IMPORT_SENSE_H

#include "import.h"

enum {
    SENSE_AGREEING_PERCENT = 90, /* verdicts that must be the original's */
    SENSE_INFORMED_PERCENT = 20, /* mean recall's place between chance, 0, and always right, 100 */
    SENSE_ROWS = 1000,           /* labelled ones from which on a single feature is a yardstick */
    SENSE_GAIN_PERCENT = 5,      /* of them that it must tell beyond the most common class */
};

/* -EINVAL with the figures where a model can't be what its maker meant: its integers give other
 * verdicts than the file on more than one row in ten; or its classes are found hardly more often
 * than by chance (SENSE_INFORMED_PERCENT), and besides it is right less often than the most common
 * class would be, by more than a tenth and two standard deviations, or, a network from SENSE_ROWS
 * labelled rows on, it gains less than a third of what the best single feature gains over the most
 * common class (each value's majority, the row itself left out), where that is anything. -ENOMEM.
 */
int import_sense_check(const struct import *import, const struct import_report *report,
                       enum q8_kind kind, struct error *error);

#endif
