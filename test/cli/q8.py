# SPDX-License-Identifier: BSD-2-Clause
"""Writes a small tree as a `.q8` file, from docs/q8.md and nothing else."""

import struct
import zlib

TABLE = [3 * i for i in range(256)]  # confidence by margin
LEAF = {1: 12, 2: 31}  # by version
BITS = {1: 4, 2: 5}  # of a link that name the feature


NAMES = ("sport", "dport", "protocol", "length", "interval", "direction", "mean_length",
         "mean_interval", "mean_direction", "dev_length", "dev_interval", "dev_direction",
         "flags_forward", "flags_backward", "payload_forward", "payload_backward",
         "initiator_failed", "initiator_failed_share", "initiator_unanswered", "initiator_peers",
         "initiator_ports", "pair_flows", "pair_ports", "responder_failed", "responder_sources",
         "responder_new", "responder_refused", "service_failed")


def features(version=1, **values):
    count = 12 if version == 1 else 28
    return struct.pack(f"<{count}I", *(values.get(name, 0) for name in NAMES[:count]))


def with_checksum(body):
    return body + struct.pack("<I", zlib.crc32(body))


def tree(actions=(0, 2), version=1):
    """Two classes. dport <= 1000: low, confidence 240; else TCP: high, 150; else a tie: low, 0. In
    version 2 it isn't the protocol that is asked, but whether up to 6 services failed."""
    leaf, asked = LEAF[version], 2 if version == 1 else 27
    nodes = [(threshold, left << BITS[version] | feature) for threshold, left, feature in (
        (1000, 1, 1), (0, 1, leaf), (6, 3, asked), (1, 3, leaf), (2, 4, leaf))]
    scores = [(90, 10), (50, 100), (70, 70)]
    payload = struct.pack("<4I2I", 1, len(nodes), len(scores), 0, 0, 2)
    payload += b"".join(struct.pack("<2I", *node) for node in nodes)
    payload += b"".join(struct.pack("<2i", *row) for row in scores)
    classes = b"".join(struct.pack("<31sB", name, action)
                       for name, action in zip((b"low", b"high"), actions))
    golden = b"".join(row + struct.pack("<2H", *verdict) for row, verdict in (
        (features(version, dport=1000), (0, 240)),
        (features(version, dport=1001, **{NAMES[asked]: 6}), (1, 150)),
        (features(version, dport=1001, **{NAMES[asked]: 7}), (0, 0))))
    provenance = b'{"made": "by hand"}'
    length = 576 + len(classes) + len(provenance) + len(payload) + len(golden) + 4
    header = struct.pack("<8s2IQ6I16x", b"AFXDPq8\n", version, 2, length, version, 2, len(provenance),
                         len(payload), 3, 0) + struct.pack("<256H", *TABLE)
    return with_checksum(header + classes + provenance + payload + golden)
