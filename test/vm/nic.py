# SPDX-License-Identifier: BSD-2-Clause
"""What the tests share that put a real driver in the place of the lab's veth pairs; matrix.py runs
them in the guest.

AFXDP_VM_MODE is the mode to ask for, AFXDP_VM_QUEUES how many queues, AFXDP_VM_QUICK=1 for fewer
frames. Rates are low, because QEMU's wires drop what they have no room for: what is asserted is
modes, contents, counts and settings."""

import os
import struct
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))

MODE = os.environ.get("AFXDP_VM_MODE", "copy")
QUEUES = os.environ.get("AFXDP_VM_QUEUES", "1")
QUICK = os.environ.get("AFXDP_VM_QUICK") == "1"
DRIVER = os.environ.get("AFXDP_VM_DRIVER", "")
AT_WORK = ("--mode", MODE, "--queues", QUEUES)
BRIDGE = ("--iface", "eng0", "--bridge", "eng1", *AT_WORK)
# virtio_net takes nothing from another port's zero-copy memory: all goes through the ring there.
BARRED = DRIVER == "virtio_net" and MODE == "zerocopy"
TRACING = "/sys/kernel/tracing"
SHARED = "/run/vm"  # with the host
FILL = bytes(range(256)) * 40
NICS = {"gen0": "nic0", "eng0": "nic1", "eng1": "nic2", "sink0": "nic3"}  # QEMU's names


class Copies:
    """Packets that the kernel copied into a socket, by a probe on the function that does."""

    def __enter__(self):
        self.write("kprobe_events", "p:vm/copied __xsk_rcv")
        self.write("events/vm/copied/enable", "1")
        self.before = self.count()
        return self

    def __exit__(self, *_):
        self.write("events/vm/copied/enable", "0")
        self.write("kprobe_events", "-:vm/copied")

    @staticmethod
    def write(name, text):
        file = os.open(os.path.join(TRACING, name), os.O_WRONLY)  # emptied, it would forget probes
        try:
            os.write(file, text.encode() + b"\n")
        finally:
            os.close(file)

    @staticmethod
    def count():
        with open(os.path.join(TRACING, "kprobe_profile"), encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.split()[0] == "copied")

    def since(self):
        return self.count() - self.before


def hand(*words):
    """Asks the host to do something to the machine, as somebody who stands beside it would."""
    request, answer = os.path.join(SHARED, "request"), os.path.join(SHARED, "answer")
    with open(request + ".new", "w", encoding="utf-8") as file:
        file.write(" ".join(words))
    os.rename(request + ".new", request)
    end = time.monotonic() + 30
    while not os.path.exists(answer):
        if time.monotonic() > end:
            raise AssertionError(f"the host doesn't answer to {words}")
        time.sleep(0.02)
    with open(answer, encoding="utf-8") as file:
        said = file.read()
    os.unlink(answer)
    if said != "done":
        raise AssertionError(said)


def frame(number, longest=1514):
    """UDP of every length from 60 to `longest` in 97 flows; every tenth is ARP, VLAN, LLDP or
    bypassed TCP in turn."""
    size = 60 + number * 37 % (longest - 59)
    source = 0x0A000001 + number % 97
    head = bytes.fromhex("020000000002020000000001")
    special = number // 10 % 4 if number % 10 == 0 else None
    if special == 0:
        return head + b"\x08\x06" + struct.pack(">I", number) + bytes(size - 18)
    if special == 1:
        return head + b"\x88\xcc" + struct.pack(">I", number) + bytes(size - 18)
    vlan = struct.pack(">HH", 0x8100, 1 + number % 4000) if special == 2 else b""
    length = size - 14 - len(vlan)
    protocol = 6 if special == 3 else 17
    packet = struct.pack(">BBHHHBBHII", 0x45, 0, length, number & 0xFFFF, 0, 64, protocol, 0,
                         source, 0x0A800001)
    if protocol == 6:
        packet += struct.pack(">HHIIBBHHH", 5000, 22, number, 0, 0x50, 0x10, 512, 0, 0)
    else:
        packet += struct.pack(">HHHHI", 1000 + number % 97, 53, length - 20, 0, number)
    fill = number % 256
    return head + vlan + b"\x08\x00" + packet + FILL[fill:fill + length - len(packet)]


def is_ip(each):
    return each[12:14] in (b"\x08\x00", b"\x81\x00")


def way_of(each):
    """Frames of one way keep their order: a flow, and each kind that takes the short way."""
    if each[12:14] == b"\x08\x00":
        return each[23:24] + each[26:38]
    return each[12:14] + (each[30:42] if each[12:14] == b"\x81\x00" else b"")


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i, each in enumerate(frames):
            file.write(struct.pack("<IIII", i // 1000, i % 1000 * 1000000, len(each), len(each)))
            file.write(each)
    return path
