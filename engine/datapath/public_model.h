// SPDX-License-Identifier: BSD-2-Clause
/* From the engine's own struct model to that of the public header. */
#ifndef AFXDP_PUBLIC_MODEL_H
#define AFXDP_PUBLIC_MODEL_H

#include "afxdp_engine.h"
#include "model_open.h"

/* The same model; NULL stays NULL. */
const struct afxdp_model *public_model(const struct model *model);

#endif
