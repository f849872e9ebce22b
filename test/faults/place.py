# SPDX-License-Identifier: BSD-2-Clause
"""Where an engine runs while it is made to fail, and all that it could leave behind there."""

import json
import os
import select
import socket
import struct
import subprocess

import lab

PING_WAIT = 0.3
PLACES = []
MODEL = None


def make_model(folder):
    global MODEL
    MODEL = os.path.join(folder, "ports.q8")
    subprocess.run([os.path.join(lab.BUILD, "test", "lab_model"), "ports", MODEL], check=True,
                   timeout=60)


def close_all():
    while PLACES:
        PLACES.pop().close()


def difference(expected, found):
    return "; ".join(f"{name} {found[name]} instead of {expected[name]}" for name in expected
                     if expected[name] != found[name])


class Place:
    def __init__(self, name, *options):
        self.lab = lab.Lab(*options)
        PLACES.append(self)
        self.two = "--two-ports" in options
        self.interfaces = ("eng0", "eng1") if self.two else ("eng0",)
        self.bpffs = f"/run/afxdp-lab-{self.lab.name}/bpf"
        self.space = os.open(self.lab.namespace("eng"), os.O_RDONLY)
        self.sequence = 0
        self.echo = self.inside("gen", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                                             socket.IPPROTO_ICMP))
        self.echo.setblocking(False)

    def close(self):
        self.echo.close()
        os.close(self.space)
        self.lab.close()

    def inside(self, place, work):
        return lab.inside(self.lab.namespace(place), work)

    def enter(self):
        """For a process that is about to be started."""
        lab.LIBC.setns(self.space, lab.CLONE_NEWNET)

    def environment(self):
        return {"LIBXDP_BPFFS": self.bpffs}

    def carries(self, options):
        """Whether packets get through while an engine with these options runs."""
        return "--bridge" in options or "kernel" in options

    def ping(self):
        """Whether an echo comes back from 10.77.0.2."""
        for _ in range(2):
            self.sequence = (self.sequence + 1) % 65536
            head = struct.pack("!BBHHH", 8, 0, 0, 0x77, self.sequence)
            total = sum(struct.unpack("!4H", head))
            check = ~(total + (total >> 16)) & 0xffff
            self.echo.sendto(struct.pack("!BBHHH", 8, 0, check, 0x77, self.sequence),
                             ("10.77.0.2", 0))
            while select.select([self.echo], [], [], PING_WAIT)[0]:
                answer = self.echo.recv(256)[20:28]
                if answer[0] == 0 and struct.unpack("!H", answer[6:8])[0] == self.sequence:
                    return True
        return False

    def run(self, *words):
        return subprocess.run(words, preexec_fn=self.enter, capture_output=True, text=True,
                              timeout=20, check=False).stdout

    def state(self):
        """All that an engine changes: programs, promiscuous mode, offloads, pins."""
        found = {}
        for link in json.loads(self.run("ip", "-d", "-j", "link", "show")):
            name = link["ifname"]
            if name not in self.interfaces:
                continue
            found[f"{name} program"] = link.get("xdp", {}).get("prog", {}).get("id")
            found[f"{name} promiscuity"] = link["promiscuity"]
            found[f"{name} flags"] = sorted(link["flags"])
            found[f"{name} offloads"] = self.run("ethtool", "-k", name)
        found["pins"] = sorted(path[len(self.bpffs):] for path in self.pins())
        return found

    def pins(self):
        """All in our bpffs, innermost first, but what bpffs and iproute2 make of their own accord (the
        latter in whatever bpffs it finds first)."""
        for folder, folders, files in os.walk(self.bpffs, topdown=False):
            for name in files + folders:
                path = os.path.join(folder, name)
                theirs = os.path.islink(path) or name.endswith(".debug")
                if not theirs and not path.startswith(os.path.join(self.bpffs, "tc")):
                    yield path

    def clear(self):
        """Everything off, by force."""
        for path in list(self.pins()):
            if os.path.isdir(path):
                os.rmdir(path)
            else:
                os.unlink(path)
        for name in self.interfaces:
            self.run("ip", "link", "set", name, "xdp", "off")
            self.run("ip", "link", "set", name, "promisc", "off")
