# SPDX-License-Identifier: BSD-2-Clause
"""Writes a small tree as a `.q8` file, from docs/q8.md and nothing else."""

import struct
import zlib

TABLE = [3 * i for i in range(256)]  # confidence by margin
LEAF = 12


def features(**values):
    names = ("sport", "dport", "protocol", "length", "interval", "direction", "mean_length",
             "mean_interval", "mean_direction", "dev_length", "dev_interval", "dev_direction")
    return struct.pack("<12I", *(values.get(name, 0) for name in names))


def with_checksum(body):
    return body + struct.pack("<I", zlib.crc32(body))


def tree(actions=(0, 2)):
    """Two classes. dport <= 1000: low, confidence 240; else TCP: high, 150; else a tie: low, 0."""
    nodes = [(1000, 1 << 4 | 1), (0, 1 << 4 | LEAF), (6, 3 << 4 | 2), (1, 3 << 4 | LEAF),
             (2, 4 << 4 | LEAF)]
    scores = [(90, 10), (50, 100), (70, 70)]
    payload = struct.pack("<4I2I", 1, len(nodes), len(scores), 0, 0, 2)
    payload += b"".join(struct.pack("<2I", *node) for node in nodes)
    payload += b"".join(struct.pack("<2i", *row) for row in scores)
    classes = b"".join(struct.pack("<31sB", name, action)
                       for name, action in zip((b"low", b"high"), actions))
    golden = b"".join(row + struct.pack("<2H", *verdict) for row, verdict in (
        (features(dport=1000), (0, 240)), (features(dport=1001, protocol=6), (1, 150)),
        (features(dport=1001, protocol=7), (0, 0))))
    provenance = b'{"made": "by hand"}'
    length = 576 + len(classes) + len(provenance) + len(payload) + len(golden) + 4
    header = struct.pack("<8s2IQ6I16x", b"AFXDPq8\n", 1, 2, length, 1, 2, len(provenance),
                         len(payload), 3, 0) + struct.pack("<256H", *TABLE)
    return with_checksum(header + classes + provenance + payload + golden)
