# SPDX-License-Identifier: BSD-2-Clause
"""What can take packets out of a veth pair, each as something to start, ask and stop (lossless.py,
latency.py)."""

import contextlib
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import suricata
import wire

BIN, PARTNERS = wire.BUILD / "bin", wire.BUILD / "bench/partners"
COUNTED = re.compile(rb"rx_queue_\d+_xdp_(?:redirect|drops): (\d+)")


class System:
    """`threaded`: in a lab where the worker's core does all that receiving takes."""

    threaded = False
    says = "stderr" # where it says that it runs

    def __init__(self, name):
        self.name, self.process, self.out = name, None, ""

    def command(self, lab):
        raise NotImplementedError

    def prepare(self, lab):
        pass

    def clear(self, lab):
        pass

    def ready(self, line):
        """Whether this line says that packets may come."""
        return line.rstrip().endswith("running")

    @contextlib.contextmanager
    def running(self, lab):
        self.prepare(lab)
        try:
            self.process = subprocess.Popen(
                lab.command("eng", *self.command(lab)), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                self.wait(lab)
                yield self
            finally:
                self.stop()
        finally:
            self.clear(lab)

    def wait(self, lab):
        del lab
        said = ""
        for line in getattr(self.process, self.says):
            said += line
            if self.ready(line):
                return
        sys.exit(f"systems.py: {self.name} ended: {said}{self.process.stderr.read()}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.out, _ = self.process.communicate(timeout=30)

    def taken(self, lab):
        """Packets so far, as the interface counts them: put into a ring, or dropped by XDP."""
        done = subprocess.run(lab.command("eng", "ethtool", "-S", "eng0"), check=True,
                              stdout=subprocess.PIPE)
        return sum(int(count) for count in COUNTED.findall(done.stdout))

    def memory(self):
        """MiB: the most that was resident, huge pages and BPF maps included."""
        kib = 0
        place = pathlib.Path("/proc", str(self.process.pid))
        for line in (place / "status").read_text().splitlines():
            if line.startswith(("VmHWM:", "HugetlbPages:")):
                kib += int(line.split()[1])
        maps = {}
        for entry in (place / "fdinfo").iterdir():
            with contextlib.suppress(OSError):
                fields = dict(line.split(":", 1) for line in entry.read_text().splitlines()
                              if ":" in line)
                if "map_type" in fields:
                    maps[fields["map_id"]] = int(fields["memlock"])
        return kib / 1024 + sum(maps.values()) / 2**20

    def counted(self):
        """What it says of itself once it has ended, for the row."""
        return {}


class Engine(System):
    """In user space what isn't dropped is consumed: the lab's port carries an address."""

    def __init__(self, name, model, *options, threaded=False):
        super().__init__(name)
        self.model, self.options, self.threaded = model, options, threaded

    def command(self, lab):
        cores = () if self.threaded else ("--cores", wire.Engine.cores[lab.queues])
        if not self.threaded and "--bridge" not in self.options:
            cores += ("--consume",)
        return [BIN / "afxdp-engine", "--iface", "eng0", "--queues", lab.queues, "--json",
                "--model", self.model, *cores, *self.options]

    def counted(self):
        queue = json.loads(self.out)["queues"][0]
        return {name: queue[name] for name in ("packet_pages", "flow_pages") if name in queue}


def in_kernel(name, model, *options):
    """All is dropped: what would pass goes on to the host's stack, which is measured no more."""
    said = subprocess.run([BIN / "afxdp-model", "inspect", model], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    drop = [word for name in re.findall(r"^(?:classes)?\s+(\S+)\s+(?:count|drop|forward)$", said, re.M)
            for word in ("--action", f"{name}=drop")]
    return Engine(name, model, "--datapath", "kernel", *drop, *options, threaded=True)


class WithProgram(System):
    """An XDP program that iproute2 attaches."""

    program = ""

    def prepare(self, lab):
        subprocess.run(lab.command("eng", "ip", "link", "set", "eng0", "xdp", "obj",
                                   wire.BUILD / self.program, "sec", "xdp"), check=True)

    def clear(self, lab):
        subprocess.run(lab.command("eng", "ip", "link", "set", "eng0", "xdp", "off"), check=True)


class Drop(WithProgram):
    threaded = True
    program = "bench/partners/drop.bpf.o"

    def command(self, lab):
        return ["sleep", "1000"]

    def wait(self, lab):
        pass

    def memory(self):
        return None


class Raw(WithProgram):
    """Without a program veth takes no live frames; this one lets them pass."""

    program = "engine/attach/pass.bpf.o"

    def __init__(self, name, model):
        super().__init__(name)
        self.model = model

    def command(self, lab):
        return [PARTNERS / "afxdp-raw", "--iface", "eng0", "--model", self.model, "--cpu",
                wire.WORKER_CPU]

    def taken(self, lab):
        """All of them pass the program: what the socket's ring had room for counts."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())["packets"]


class Testpmd(System):
    def command(self, lab):
        return wire.Testpmd(self.name, "rxonly").command(lab)

    def wait(self, lab):
        lab.wait_for_program(self.process)

    def stop(self):
        self.process.communicate("\n", timeout=30)


class Suricata(System):
    """Its own counters have to agree with the interface's, so that what was taken was read, too."""

    says = "stdout"

    def __init__(self):
        super().__init__(f"Suricata {suricata.version()}, AF_XDP, no rules")
        self.folder, self.before, self.own = None, 0, {}

    def prepare(self, lab):
        self.folder = tempfile.TemporaryDirectory()
        self.before = self.taken(lab)

    def command(self, lab):
        return ["taskset", "-c", wire.WORKER_CPU, *suricata.command(self.folder.name, "eng0")]

    def ready(self, line):
        return "Engine started" in line

    def clear(self, lab):
        put = self.taken(lab) - self.before
        counters = suricata.statistics(self.folder.name)
        self.folder.cleanup()
        if not counters: # it didn't start, which was said
            return
        packets, dropped = counters
        if not put - suricata.RING <= packets <= put:
            sys.exit(f"systems.py: {self.name} read {packets} packets of {put} that were in its ring")
        self.own = {"own_packets": packets, "own_dropped": dropped}

    def counted(self):
        return self.own


def all_systems(network, tree):
    """One of each; and what there could be besides, with what it takes."""
    systems = [Drop("XDP_DROP, nothing else"),
               in_kernel("in the kernel, tree", tree),
               in_kernel("in the kernel, network, one program", network, "--kernel-form", "single"),
               in_kernel("in the kernel, network, tail calls", network, "--kernel-form",
                         "tailcall"),
               Engine("AF_XDP, no model", "none"),
               Engine("AF_XDP, tree", tree),
               Engine("AF_XDP, network", network),
               Raw("raw socket, network", network)]
    missing = [why for why in (suricata.missing(),) if why]
    if not missing:
        systems.append(Suricata())
    if shutil.which("dpdk-testpmd"):
        systems.append(Testpmd("testpmd rxonly, no model"))
    else:
        missing.append("dpdk-testpmd is not installed (Debian: dpdk-dev librte-net-af-xdp23)")
    return systems, missing
