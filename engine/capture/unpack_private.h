// SPDX-License-Identifier: BSD-2-Clause
/* One form of compression, as byte_stream.c uses it. */
#ifndef AFXDP_UNPACK_PRIVATE_H
#define AFXDP_UNPACK_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct unpack_step {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t out_size;
    size_t used; /* of in */
    size_t made; /* of out */
};

struct unpacker {
    const char *name;
    void *(*open)(void); /* NULL without memory */
    /* 1: at the end of a piece, behind which another may follow; 0: in the middle of one; -1: what
     * comes in makes no sense. */
    int (*step)(void *state, struct unpack_step *step);
    void (*close)(void *state);
};

extern const struct unpacker unpack_gzip;
extern const struct unpacker unpack_zstd;
extern const struct unpacker unpack_lz4;

#endif
