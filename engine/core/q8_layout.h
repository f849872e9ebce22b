// SPDX-License-Identifier: BSD-2-Clause
/* The bytes of a `.q8` file: a header, the classes, provenance, payload, golden vectors and a
 * CRC-32 of all that, each right behind the other. All numbers are little-endian. A golden vector
 * is the u32 features of the file's feature set and a struct verdict. */
#ifndef AFXDP_Q8_LAYOUT_H
#define AFXDP_Q8_LAYOUT_H

#include "q8.h"

#define Q8_MAGIC "AFXDPq8\n"

struct q8_header {
    char magic[8];
    uint32_t version;
    uint32_t kind;
    uint64_t file_length; /* in bytes, the checksum included */
    uint32_t feature_set;
    uint32_t class_count;
    uint32_t provenance_length; /* in bytes, no NUL */
    uint32_t payload_length;
    uint32_t golden_count;
    uint32_t confidence_shift;
    uint8_t reserved[16]; /* 0 */
    uint16_t confidence[CONFIDENCE_STEPS];
};

_Static_assert(sizeof(struct q8_header) == 64 + 2 * CONFIDENCE_STEPS, "no padding");
_Static_assert(sizeof(struct q8_class) == 32, "a class is 31 bytes of name and its action");
_Static_assert(sizeof(struct verdict) == 4, "a class and a confidence");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is read in place");

/* Bytes of a golden vector. */
static inline size_t q8_golden_size(uint32_t feature_set)
{
    return feature_count(feature_set) * sizeof(uint32_t) + sizeof(struct verdict);
}

#endif
