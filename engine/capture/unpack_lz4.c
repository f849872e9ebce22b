// SPDX-License-Identifier: BSD-2-Clause
#include <lz4frame.h>

#include "unpack_private.h"

static void *lz4_open(void)
{
    LZ4F_dctx *context = NULL;

    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static int lz4_step(void *state, struct unpack_step *step)
{
    step->used = step->in_size;
    step->made = step->out_size;
    size_t status = LZ4F_decompress(state, step->out, &step->made, step->in, &step->used, NULL);
    if (LZ4F_isError(status))
        return -1;
    return status == 0;
}

static void lz4_close(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

const struct unpacker unpack_lz4 = {"lz4", lz4_open, lz4_step, lz4_close};
