// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <zlib.h>

#include "unpack_private.h"

enum { GZIP_HEADER = 16, WINDOW_BITS = 15 };

static void *gzip_open(void)
{
    z_stream *z = calloc(1, sizeof(*z));

    if (!z || inflateInit2(z, WINDOW_BITS + GZIP_HEADER) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static int gzip_step(void *state, struct unpack_step *step)
{
    z_stream *z = state;

    z->next_in = (z_const Bytef *)step->in;
    z->avail_in = (uInt)step->in_size;
    z->next_out = step->out;
    z->avail_out = (uInt)step->out_size;
    int status = inflate(z, Z_NO_FLUSH);
    step->used = step->in_size - z->avail_in;
    step->made = step->out_size - z->avail_out;
    if (status == Z_STREAM_END)
        return inflateReset(z) == Z_OK ? 1 : -1;
    return status == Z_OK || status == Z_BUF_ERROR ? 0 : -1;
}

static void gzip_close(void *state)
{
    inflateEnd(state);
    free(state);
}

const struct unpacker unpack_gzip = {"gzip", gzip_open, gzip_step, gzip_close};
