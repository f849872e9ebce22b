// SPDX-License-Identifier: BSD-2-Clause
/* The names that an ONNX file itself has for its classes, in the order of its scores. */
#ifndef AFXDP_IMPORT_LABELS_H
#define AFXDP_IMPORT_LABELS_H

#include "onnx.h"
#include "verdict.h"

struct import_labels {
    uint32_t count; /* 0 where the file has none */
    char text[CLASSES_MAX]
             [CLASS_NAME_SIZE + 1]; /* any bytes, cut to one more than a name may have */
};

/* From classlabels_strings, classlabels_int64s and classlabels_ints of any node, and from the list
 * that a label is taken out of. -EINVAL where two lists differ. */
int import_labels_read(struct import_labels *labels, const struct onnx *onnx, struct error *error);

#endif
