# SPDX-License-Identifier: BSD-2-Clause
"""A wire with a length: two TAP devices joined by a program that delays and loses frames.

    wire.py NEAR FAR PLAN.json

PLAN maps an address (as text) to [delay in ms per direction, loss 0..1]; a frame takes the entry of
its source, else of its destination, else passes at once. Frames of one address keep their order.
Both devices are made in the caller's network namespace; the caller then moves FAR where it belongs.
The kernel's netem does the same, but many kernels (containers' and CI's) come without it.
"""
import fcntl
import heapq
import ipaddress
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def addresses(frame):
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return frame[26:30], frame[30:34]
    if kind == b"\x86\xdd":
        return frame[22:38], frame[38:54]
    return b"", b""


class Wire:
    def __init__(self, plan):
        self.plan = {ipaddress.ip_address(a).packed: v for a, v in plan.items()}
        self.queue, self.count, self.random = [], 0, random.Random(1)

    def take(self, frame, out):
        source, destination = addresses(frame)
        delay, loss = self.plan.get(source) or self.plan.get(destination) or (0, 0)
        if loss and self.random.random() < loss:
            return
        self.count += 1
        heapq.heappush(self.queue, (time.monotonic() + delay / 1000, self.count, out, frame))

    def send_due(self):
        """Send what is due; return the milliseconds until the next frame is, or None."""
        while self.queue:
            wait = self.queue[0][0] - time.monotonic()
            if wait > 0:
                return wait * 1000
            _, _, out, frame = heapq.heappop(self.queue)
            try:
                os.write(out, frame)
            except (BlockingIOError, OSError):
                pass  # a device that is down or full loses the frame, as a real one does
        return None


def main():
    near, far = open_tap(sys.argv[1]), open_tap(sys.argv[2])
    with open(sys.argv[3]) as plan:
        wire = Wire(json.load(plan))
    print("ready", flush=True)
    poll = select.poll()
    poll.register(near, select.POLLIN)
    poll.register(far, select.POLLIN)
    wait = None
    while True:
        for ready, _ in poll.poll(wait):
            out = far if ready == near else near
            for _ in range(32):
                try:
                    wire.take(os.read(ready, 65536), out)
                except OSError:
                    break
        wait = wire.send_due()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
