# SPDX-License-Identifier: BSD-2-Clause
"""What several queues change: each worker takes its packets when it comes to them, so that the one
host memory sees the flows of different queues in another order than they arrived in.

A capture is written anew in the order in which so many workers would have taken its packets, each
with its own time; the extractor then computes their features as it does for any capture that goes
back in time.
"""

import os
import struct
import tempfile

import numpy as np

from . import captured

BURST = 64  # packets that a worker waits for
LATEST_NS = 10_000_000  # and how long at most
HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)


def queue_of(flow, queues):
    """Which queue each flow number comes in on: spread, not in turn."""
    return ((flow.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)).astype(
        np.int64) % queues


def order(time, queue):
    """The places of the packets as they are taken: a queue's BURST at once, or what has come within
    LATEST_NS of its first. A packet's time is the largest so far."""
    now, taken = np.maximum.accumulate(time), np.zeros(len(time), np.int64)
    for number in np.unique(queue):
        its = np.flatnonzero(queue == number)
        start = 0
        while start < len(its):
            last = now[its[start]] + LATEST_NS
            end = start + min(BURST, int(np.searchsorted(now[its[start:]], last, "right")))
            full = end - start == BURST
            taken[its[start:end]] = now[its[end - 1]] if full else last
            start = end
    return np.lexsort((np.arange(len(time)), queue, taken))


def features(path, rows, queues):
    """The rows' integers when their capture comes in on so many queues; rows: all of one capture."""
    frames = {index: (time, frame, wire)
              for index, (time, _, frame, wire) in enumerate(captured.captures.read(path))}
    at = order(rows.time, queue_of(rows.flow, queues))
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "taken.pcap")
        with open(capture, "wb") as file:
            file.write(HEADER)
            for index in rows.index[at].tolist():
                time, frame, wire = frames[index]
                file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), wire))
                file.write(frame)
        found = captured.extract(capture)
    x = np.empty_like(rows.x)
    x[at[found[:, 0]]] = found[:, 1:]
    return x
