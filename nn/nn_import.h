// SPDX-License-Identifier: BSD-2-Clause
/* An ONNX network becomes a `.q8` file (docs/onnx.md). */
#ifndef AFXDP_NN_IMPORT_H
#define AFXDP_NN_IMPORT_H

#include "import.h"

/* Quantises the network of `import->onnx`. Its input code is the property afxdp.code or, where the
 * file has none, `import->code`. Without either, or with `import->raw`, a network with scaling in
 * front reads the raw integers, and the code is made to hold the scaling. `*out` is untouched on
 * failure; free it with q8_free. Deterministic: the same bytes on every machine. -EINVAL names what
 * can't be represented, -ENOMEM. */
int nn_import(struct q8 **out, const struct import *import, struct import_report *report,
              struct error *error);

#endif
