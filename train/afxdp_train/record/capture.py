# SPDX-License-Identifier: BSD-2-Clause
"""Recording with tcpdump, and rewriting what it wrote: VLAN tags and one file per scenario."""
import ipaddress
import re
import signal
import struct
import subprocess
import time

from .lab import LabError

PCAP_HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")


class Recorder:
    """tcpdump on eth0 of the servers: whole packets, microseconds, Ethernet."""

    def __init__(self, lab, path, most):
        """most: packets; a run that has more is out of hand, and void."""
        self.lab, self.path, self.most = lab, path, most

    def __enter__(self):
        self.process = self.lab.spawn("srv", [
            "tcpdump", "-i", "eth0", "-n", "-s", "0", "-B", "32768", "-Z", "root", "-c",
            str(self.most), "-w", self.path], stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        if "listening" not in line:
            raise LabError(f"tcpdump doesn't start: {line.strip()}")
        return self

    def __exit__(self, failure, *_):
        if failure:
            return self.lab.end(self.process)
        time.sleep(0.3)
        full = self.process.poll() is not None
        try:
            self.process.send_signal(signal.SIGINT)
            _, report = self.process.communicate(timeout=10)
        finally:
            self.lab.end(self.process)
        if full:
            raise LabError(f"the capture reached its limit of {self.most} packets")
        lost = re.search(rb"(\d+) packets? dropped by kernel", report)
        if not lost or int(lost[1]):
            raise LabError(f"tcpdump lost packets: {report.decode().strip()}")


def read_frames(path):
    """Yields (seconds, microseconds, frame) of a classic little-endian Ethernet pcap."""
    with open(path, "rb") as capture:
        head = PCAP_HEADER.unpack(capture.read(PCAP_HEADER.size))
        if head[0] != 0xA1B2C3D4 or head[6] != 1:
            raise ValueError(f"{path}: not an Ethernet pcap with microseconds")
        while record := capture.read(RECORD.size):
            seconds, micros, stored, length = RECORD.unpack(record)
            if stored != length:
                raise ValueError(f"{path}: a packet of {length} bytes was cut to {stored}")
            yield seconds, micros, capture.read(stored)


def write_frames(path, frames):
    with open(path, "wb") as out:
        out.write(PCAP_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for seconds, micros, frame in frames:
            out.write(RECORD.pack(seconds, micros, len(frame), len(frame)) + frame)


def ends(frame):
    """Source and destination address of an untagged IP or ARP frame, packed."""
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return frame[26:30], frame[30:34]
    if kind == b"\x86\xdd":
        return frame[22:38], frame[38:54]
    if kind == b"\x08\x06":
        return frame[28:32], frame[38:42]
    return b"", b""


def tagged(frames, tags):
    """Put VLAN tags on frames, as a mirror of a trunk port would show them.

    tags: address text -> bytes to insert after the MAC addresses. The lab itself has no VLANs: they
    need a kernel module that many machines lack.
    """
    plan = {ipaddress.ip_address(address).packed: tag for address, tag in tags.items()}
    for seconds, micros, frame in frames:
        source, destination = ends(frame)
        tag = plan.get(source) or plan.get(destination) or b""
        yield seconds, micros, frame[:12] + tag + frame[12:]
