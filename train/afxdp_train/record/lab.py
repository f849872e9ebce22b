# SPDX-License-Identifier: BSD-2-Clause
"""The lab: network namespaces of our own, the links between them, and the programs run inside.

    wan -- wire --.                   wan: remote clients and servers, each with its own delay
    atk -- wire --+ rt -- br0 -- srv  srv: the servers; the capture is taken at srv's eth0
    rfl -- veth --'        `---- lan  lan: clients on the servers' own segment
                                      atk: attackers; rfl: reflectors (open resolvers and such)

rt routes and drops what has no route, so answers to spoofed sources end there. Addresses are from
the ranges that are reserved for benchmarks (198.18.0.0/15) and documentation (2001:db8::/32). Names
carry the recorder's pid, so that several labs live side by side; nothing outside them is touched.
"""
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# place -> (IPv4 network, IPv6 network); srv and lan share a segment
PLACES = {
    "srv": ("198.18.0.0/20", "2001:db8:1::/64"),
    "lan": ("198.18.0.0/20", "2001:db8:1::/64"),
    "wan": ("198.18.16.0/20", "2001:db8:2::/64"),
    "atk": ("198.18.32.0/20", "2001:db8:3::/64"),
    "rfl": ("198.18.48.0/20", "2001:db8:4::/64"),
}
OFFSET = {"srv": 0x100, "lan": 0x800, "wan": 0x100, "atk": 0x100, "rfl": 0x100}
MAC = {place: f"02:af:00:00:00:{number:02x}" for number, place in
       enumerate(("rt", "srv", "lan", "wan", "atk", "rfl"), 1)}
LINK_LOCAL = {"rt": "fe80::1", "srv": "fe80::2", "lan": "fe80::3", "wan": "fe80::4",
              "atk": "fe80::5", "rfl": "fe80::6"}


class LabError(Exception):
    """The lab couldn't be built: one line that says what was tried and why it failed."""


def address(place, number, family):
    """The number-th address of a place, as text."""
    network = ipaddress.ip_network(PLACES[place][0 if family == 4 else 1])
    return str(network[OFFSET[place] + number])


DARK = 24  # addresses of the servers' network that exist for the router only


def dark(number, family):
    return address("srv", 0x600 + number, family)


def gateway(place, family):
    """The address at which rt is reached from wan, atk or rfl."""
    return str(ipaddress.ip_network(PLACES[place][0 if family == 4 else 1])[1])


class Lab:
    """A context manager: builds on entry; on exit ends every process inside and removes all."""

    def __init__(self, size, delays, keep=False):
        """size: addresses per place. delays: {(place, number): (ms, loss)} for wan and atk.
        keep: leave the folder with its logs behind, and say where."""
        self.size, self.delays, self.keep = size, delays, keep
        self.tag = f"afr{os.getpid()}"
        self.processes, self.lock, self.closed = set(), threading.Lock(), False
        self.made = []
        self.dir = None

    def ns(self, place):
        return f"{self.tag}-{place}"

    # -- programs ------------------------------------------------------------------------------

    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.dir, "LANG": "C.UTF-8"}

    def spawn(self, place, argv, **options):
        """Start a program in a place, in a session of its own; the lab ends it at the latest."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        with self.lock:
            if self.closed:
                raise LabError("the lab is closed")
            process = subprocess.Popen(["ip", "netns", "exec", self.ns(place)] + argv,
                                       env=self.environment(), cwd=self.dir,
                                       start_new_session=True, **options)
            self.processes.add(process)
        return process

    def end(self, process):
        """End a process and its children."""
        for number, patience in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                pass
            try:
                process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        with self.lock:
            self.processes.discard(process)

    def run(self, place, argv, timeout=20, text=None):
        """Run a program to its end or for timeout seconds; returns (status or None, output)."""
        process = self.spawn(place, argv, stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            output, _ = process.communicate(text.encode() if text else None, timeout)
            status = process.returncode
        except subprocess.TimeoutExpired:
            status, output = None, b""
        self.end(process)
        return status, output.decode(errors="replace")

    def wait_listening(self, process, port, what, seconds=10):
        """Wait until something listens on a TCP port (or UDP, for DNS) of the process's place."""
        suffix = f":{port:04X}"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            for name, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
                with open(f"/proc/{process.pid}/net/{name}") as table:
                    rows = [line.split() for line in table.readlines()[1:]]
                if any(row[1].endswith(suffix) and row[3] == state for row in rows):
                    return
            time.sleep(0.05)
        raise LabError(f"{what} doesn't listen on port {port}")

    # -- building ------------------------------------------------------------------------------

    def ip(self, lines, place=None, family=None):
        """Run a batch of ip commands, in a place or at the host (namespaces only)."""
        argv = ["ip"] + (["-n", self.ns(place)] if place else []) + \
            ([f"-{family}"] if family else []) + ["-batch", "-"]
        done = subprocess.run(argv, input="\n".join(lines).encode(), capture_output=True)
        if done.returncode:
            raise LabError(f"ip failed in {place or 'the host'}: {done.stderr.decode().strip()}")

    def sysctl(self, place, **values):
        settings = [f"{key.replace('__', '.')}={value}" for key, value in values.items()]
        status, output = self.run(place, ["sysctl", "-qw"] + settings)
        if status:
            raise LabError(f"sysctl in {place}: {output.strip()}")

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="afxdp-record-")
        os.chmod(self.dir, 0o711)
        try:
            self.build()
        except BaseException:
            self.close()
            raise
        return self

    def build(self):
        for place in ("rt", "srv", "lan", "wan", "atk", "rfl"):
            self.ip([f"netns add {self.ns(place)}"])
            self.made.append(place)
            self.sysctl(place, net__ipv6__conf__default__accept_dad=0,
                        net__ipv6__conf__default__accept_ra=0,
                        net__ipv6__conf__default__addr_gen_mode=1,
                        net__ipv4__conf__all__rp_filter=0,
                        net__ipv4__conf__default__rp_filter=0)
            self.ip(["link set lo up"], place)
        self.join_segment()
        for place in ("wan", "atk"):
            self.join_wire(place)
        self.join_veth("rfl", "rfl0")
        for place in PLACES:
            self.give_addresses(place)
        for place in ("rt", "lan"):
            device = "br0" if place == "rt" else "eth0"
            self.ip([f"neigh add {dark(number, family)} lladdr {MAC['srv']} dev {device}"
                     for number in range(DARK) for family in (4, 6)], place)
        self.sysctl("rt", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        self.ip(["route add blackhole default"], "rt")
        self.ip(["route add blackhole default metric 4096"], "rt", 6)

    def join_veth(self, place, near):
        self.ip([f"link add {near} type veth peer name eth0 netns {self.ns(place)}"], "rt")
        for where, device in (("rt", near), (place, "eth0")):
            # Frames must look as they would on a wire: of MTU size, with their checksums in.
            status, output = self.run(where, ["ethtool", "-K", device, "tx", "off", "tso", "off",
                                              "gso", "off", "gro", "off"])
            if status:
                raise LabError(f"ethtool on {device}: {output.strip()}")

    def join_segment(self):
        self.ip(["link add br0 type bridge mcast_snooping 0"], "rt")
        for place in ("srv", "lan"):
            self.join_veth(place, f"{place}0")
            self.ip([f"link set {place}0 master br0", f"link set {place}0 up"], "rt")

    def join_wire(self, place):
        plan = {address(place, number, family): value for (where, number), value
                in self.delays.items() if where == place for family in (4, 6)}
        path = os.path.join(self.dir, f"wire-{place}.json")
        with open(path, "w") as out:
            json.dump(plan, out)
        process = self.spawn("rt", [sys.executable, os.path.join(HERE, "wire.py"), f"{place}0",
                                    f"{place}f", path], stdout=subprocess.PIPE)
        if process.stdout.readline().strip() != b"ready":
            raise LabError("wire.py couldn't make its TAP devices; is /dev/net/tun there?")
        self.ip([f"link set {place}f netns {self.ns(place)} name eth0 txqueuelen 4000",
                 f"link set {place}0 txqueuelen 4000"], "rt")

    def give_addresses(self, place):
        near = "br0" if place in ("srv", "lan") else f"{place}0"
        prefixes = [ipaddress.ip_network(net) for net in PLACES[place]]
        if place != "lan":
            self.ip([f"link set {near} address {MAC['rt']}"] +
                    [f"addr add {LINK_LOCAL['rt']}/64 dev {near} nodad"] +
                    [f"addr add {net[1]}/{net.prefixlen} dev {near} {'nodad' * (net.version == 6)}"
                     for net in prefixes] + [f"link set {near} up"], "rt")
        lines = [f"link set eth0 address {MAC[place]} up",
                 f"addr add {LINK_LOCAL[place]}/64 dev eth0 nodad"]
        for number in range(self.size):
            for net in prefixes:
                lines.append(f"addr add {address(place, number, net.version)}/{net.prefixlen} "
                             f"dev eth0 {'nodad' * (net.version == 6)}")
        self.ip(lines + [f"route add default via {gateway(place, 4)} dev eth0"], place)
        self.ip([f"route add default via {LINK_LOCAL['rt']} dev eth0"], place, 6)

    # -- tearing down --------------------------------------------------------------------------

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End what runs, remove the namespaces and the folder. May be called twice."""
        with self.lock:
            self.closed = True
            left = list(self.processes)
        for process in left:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for process in left:
            self.end(process)
        for place in self.made:
            self.end_strays(place)
            subprocess.run(["ip", "netns", "del", self.ns(place)], capture_output=True)
        self.made = []
        if self.dir and self.keep:
            print(f"the lab's folder is kept: {self.dir}", flush=True)
        elif self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)
        self.dir = None

    def end_strays(self, place):
        """Daemons that left their session are still inside the namespace, which is ours alone."""
        for _ in range(20):
            pids = subprocess.run(["ip", "netns", "pids", self.ns(place)],
                                  capture_output=True).stdout.split()
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
