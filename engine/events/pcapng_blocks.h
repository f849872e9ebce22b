// SPDX-License-Identifier: BSD-2-Clause
/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in the byte order of this machine. */
#ifndef AFXDP_PCAPNG_BLOCKS_H
#define AFXDP_PCAPNG_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum {
    PCAPNG_SNAPLEN_MAX = 262144, /* as readers have it */
    PCAPNG_TEXT_MAX = 256,       /* of a name or a comment; what is longer is cut */
    PCAPNG_BLOCK_MAX = PCAPNG_SNAPLEN_MAX + PCAPNG_TEXT_MAX + 64,
};

struct pcapng_packet {
    uint32_t interface; /* its block's place among those of the file */
    uint64_t time;      /* ns since 1970 */
    uint32_t captured, wire_length;
    const uint8_t *data;
    const char *comment;
};

/* Each writes a block at `to` (PCAPNG_BLOCK_MAX at most); its length. A file begins with a section.
 */
size_t pcapng_section(uint8_t *to, const char *application);

/* Times are in ns. `name`: NULL where there is none. */
size_t pcapng_interface(uint8_t *to, uint16_t link_number, uint32_t snaplen, const char *name);

size_t pcapng_packet(uint8_t *to, const struct pcapng_packet *packet);

/* The length of the block at `from`, and whether it is a packet's. */
size_t pcapng_block_length(const uint8_t *from);
int pcapng_block_is_packet(const uint8_t *from);

#endif
