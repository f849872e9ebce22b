// SPDX-License-Identifier: BSD-2-Clause
/* An ONNX tree or forest becomes a `.q8` file (docs/onnx.md). */
#ifndef AFXDP_DT_IMPORT_H
#define AFXDP_DT_IMPORT_H

#include "import.h"

/* Makes the integer model of the TreeEnsembleClassifier of `import->onnx`. Besides the golden
 * vectors that all models have, it adds rows on either side of thresholds all over the trees.
 * `*out` is untouched on failure; free it with q8_free. Deterministic: the same bytes on every
 * machine. -EINVAL names what can't be represented, -ENOMEM. */
int dt_import(struct q8 **out, const struct import *import, struct import_report *report,
              struct error *error);

struct dt_ensemble;

/* The same of trees that were read already, such as a library's own file. */
int dt_import_ensemble(struct q8 **out, const struct dt_ensemble *ensemble,
                       const struct import *import, struct import_report *report,
                       struct error *error);

#endif
