// SPDX-License-Identifier: BSD-2-Clause
/* Trees and forests inside XDP: opens the BPF program (dt.bpf.c) for a model.
 *
 * Nodes and scores are in maps, so a model is replaced by filling them. The verdicts are the
 * reference's, bit for bit. */
#ifndef AFXDP_DT_KERNEL_H
#define AFXDP_DT_KERNEL_H

#include "dt_model.h"
#include "path.h"

/* -E2BIG for more than DT_KERNEL_TREES_MAX trees, or one deeper than DT_KERNEL_DEPTH_MAX. Else the
 * program, opened and not loaded; free it with path_program_free. Its form is "tree" for one tree
 * and "forest" for more; its `fill` takes a struct dt_model. The maps have room for `model` and for
 * any other of up to twice its size: `fill` answers -E2BIG for a larger one, and for one of the
 * other form or of another feature set. */
int dt_kernel_new(struct path_program **out, const struct dt_model *model, struct error *error);

#endif
