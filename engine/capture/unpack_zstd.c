// SPDX-License-Identifier: BSD-2-Clause
#include <zstd.h>

#include "unpack_private.h"

static void *zstd_open(void)
{
    return ZSTD_createDStream();
}

static int zstd_step(void *state, struct unpack_step *step)
{
    ZSTD_inBuffer in = {step->in, step->in_size, 0};
    ZSTD_outBuffer out = {step->out, step->out_size, 0};
    size_t status = ZSTD_decompressStream(state, &out, &in);

    step->used = in.pos;
    step->made = out.pos;
    if (ZSTD_isError(status))
        return -1;
    return status == 0;
}

static void zstd_close(void *state)
{
    ZSTD_freeDStream(state);
}

const struct unpacker unpack_zstd = {"zstd", zstd_open, zstd_step, zstd_close};
