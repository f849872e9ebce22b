// SPDX-License-Identifier: BSD-2-Clause
/* What a pcapng file says of one interface. Private to this folder.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html */
#ifndef AFXDP_PCAPNG_PRIVATE_H
#define AFXDP_PCAPNG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

struct pcapng_interface {
    uint32_t number; /* of its link type */
    enum link_type link;
    uint32_t snap; /* 0: no limit */
    /* ns = ticks × multiply ÷ divide >> shift + offset */
    uint32_t multiply;
    uint8_t shift;
    uint64_t divide; /* 0: all ticks together are less than a nanosecond */
    int64_t offset;  /* s */
};

/* From the body of an interface description block of `size` bytes, 8 or more. */
struct pcapng_interface pcapng_interface_parse(const uint8_t *body, size_t size, bool swapped);

/* A time of the interface in ns since 1970 modulo 2^64, clipped to the years 1677 and 2262. */
uint64_t pcapng_interface_time(const struct pcapng_interface *interface, uint64_t ticks);

#endif
