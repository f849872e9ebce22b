# SPDX-License-Identifier: BSD-2-Clause
"""A lab of network namespaces (test/lab.sh) with the engine and the generator in it."""

import ctypes
import glob
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build"))
LAB = os.path.join(ROOT, "test", "lab.sh")
ENGINE = os.path.join(BUILD, "bin", "afxdp-engine")
GENERATE = os.path.join(BUILD, "bin", "afxdp-generate")
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
MIXED = os.path.join(ROOT, "test", "captures", "mixed.pcap")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 1 << 30


def inside(namespace, work):
    """What `work` gives in another network namespace, a path: sockets made there stay there."""
    with open("/proc/thread-self/ns/net", "rb") as own, open(namespace, "rb") as there:
        assert LIBC.setns(there.fileno(), CLONE_NEWNET) == 0, namespace
        try:
            return work()
        finally:
            assert LIBC.setns(own.fileno(), CLONE_NEWNET) == 0


def written(file):
    """What is in a file that a process has as its output: a seek would move where it writes next."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode()


class Engine:
    """A running afxdp-engine; its report once it has ended."""

    def __init__(self, command):
        # Quoted in every error message, so it needn't be read while the engine runs.
        self.errors = tempfile.TemporaryFile("w+")
        self.out = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=self.out, stderr=self.errors)

    def stderr(self):
        return written(self.errors)

    def wait_for(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.stderr():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no '{text}' from the engine: {self.stderr()}")
            time.sleep(0.01)
        return self

    def control_socket(self):
        """The engine's own: whose lock file holds its process number."""
        for path in glob.glob("/run/afxdp-engine/*.control"):
            claim = path.removesuffix(".control")  # gone with a killed engine's namespace
            if os.path.exists(claim):
                with open(claim, encoding="ascii") as file:
                    if file.read().strip() == str(self.process.pid):
                        return path
        return None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, seconds=30):
        """Waits for its end; the exit status."""
        return self.process.wait(timeout=seconds)

    def report(self):
        text = written(self.out)
        lines = text.splitlines()
        assert len(lines) == 1, (text, self.stderr())
        report = json.loads(lines[0])
        check_sums(report)
        return report

    def stop(self):
        """Asks it to end; its report, after the design's sums."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.end()
        assert status == 0, (status, self.stderr())
        return self.report()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.errors.close()
        self.out.close()


def check_sums(report):
    """packets = Σ classes + … = Σ actions = Σ endings, and the same for every queue."""
    packets = report["packets"]
    assert packets == sum(report["classes"].values()) + report["other"] + report["malformed"]
    assert packets == sum(report["actions"].values()), report
    assert packets == sum(report["endings"].values()), report
    assert packets == sum(queue["received"] for queue in report["queues"]), report
    for queue in report["queues"]:
        ended = sum(value for name, value in queue.items()
                    if name in ("dropped", "limited", "forwarded", "passed", "consumed")
                    or name.startswith("failed_"))
        assert queue["received"] == ended, queue


def unexplained(queue):
    """Packets that the program sent to the socket and that neither arrived nor were lost for a
    counted reason."""
    return (queue.get("xdp_redirected", 0) - queue["received"] - queue.get("rx_dropped", 0)
            - queue.get("rx_ring_full", 0) - queue.get("rx_unbound", 0))


class Lab:
    """One lab; taken down with close."""

    count = 0

    def __init__(self, *options):
        Lab.count += 1
        self.name = f"xsk{os.getpid() % 10**7}{'abcdefghij'[Lab.count % 10]}"
        self.engines = []
        done = subprocess.run([LAB, "up", self.name, *options], capture_output=True, text=True,
                              timeout=60, check=False)
        if done.returncode:
            subprocess.run([LAB, "down", self.name], check=False, timeout=60)
            raise AssertionError(f"lab.sh up failed: {done.stderr}")

    def command(self, place, *words):
        return [LAB, "exec", self.name, place, *words]

    def namespace(self, place):
        return f"/run/netns/{self.name}-{place}"

    def run(self, place, *words, check=True, timeout=60, **options):
        done = subprocess.run(self.command(place, *words), capture_output=True, text=True,
                              timeout=timeout, check=False, **options)
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode} {done.stdout} {done.stderr}")
        return done

    def start(self, place, *words, **options):
        return subprocess.Popen(self.command(place, *words), **options)

    def engine(self, *options, model="none", wait=True, prefix=(), consume=True):
        """lab.sh and nsenter exec: the process is the engine itself. A machine that tests may keep a
        worker from its core for longer than an engine should wait: watchdog_test says how long.
        A single port here carries an address: with `consume` it may be taken all the same."""
        if consume and not {"--bridge", "--forward", "--hairpin", "kernel"} & set(options):
            options = ("--consume", *options)
        if "--watchdog" not in options and "kernel" not in options:
            options = ("--watchdog", "2000", *options)
        engine = Engine(self.command("eng", *prefix, ENGINE, "--json", "--model", model, "--flows",
                                     "65536", *options))
        self.engines.append(engine)
        return engine.wait_for(": running") if wait else engine

    def refused(self, *options, **how):
        """An engine that ends by itself: its exit status and its complaints."""
        engine = self.engine(*options, wait=False, **how)
        return engine.end(), engine.stderr()

    def generate(self, *options, timeout=120):
        done = self.run("gen", GENERATE, "--iface", "gen0", *options, timeout=timeout)
        return json.loads(done.stdout)

    def ping(self, count=1, interval=0.2, wait=1, place="gen", cpu=None):
        """How many of the pings to 10.77.0.2 came back; with `cpu` both ways on that one."""
        pinned = () if cpu is None else ("taskset", "-c", str(cpu))
        done = self.run(place, *pinned, "ping", "-n", "-c", str(count), "-i", str(interval),
                        "-W", str(wait), "10.77.0.2", check=False)
        return int(re.search(r"(\d+) received", done.stdout).group(1))

    def forget_neighbours(self, place, interface):
        """The next packet has to ask by ARP."""
        self.run(place, "ip", "neighbour", "flush", "dev", interface, "nud", "permanent")

    def sink_packets(self):
        """What the sink has received so far."""
        text = self.run("sink", "cat", "/proc/net/dev").stdout
        fields = next(line for line in text.splitlines() if "sink0:" in line).split(":")[1].split()
        return int(fields[1])

    def attached(self, interface="eng0"):
        """The id of the XDP program on an interface of the engine's, None without one."""
        text = self.run("eng", "ip", "-d", "link", "show", interface).stdout
        found = re.search(r"prog/xdp id (\d+)", text)
        return int(found.group(1)) if found else None

    def close(self):
        for engine in self.engines:
            engine.close()
        subprocess.run([LAB, "down", self.name], check=False, timeout=60)


class Test(unittest.TestCase):
    """Labs that go with the test, and a folder."""

    def lab(self, *options):
        lab = Lab(*options)
        self.addCleanup(lab.close)
        return lab

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def model(self, kind):
        subprocess.run([os.path.join(BUILD, "test", "lab_model"), kind, self.path(kind + ".q8")],
                       check=True, timeout=60)
        return self.path(kind + ".q8")

    def until(self, condition, seconds=5.0, what="it"):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail(f"{what} did not happen within {seconds} s")
            time.sleep(0.01)


def frames_of(path):
    """The frames of a little-endian pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    frames, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def main():
    """Runs the tests of the calling script; 77 where there can be no lab."""
    check = subprocess.run([LAB, "check"], check=False, timeout=60)
    if check.returncode:
        sys.exit(check.returncode)
    result = unittest.main(verbosity=2, exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.skipped else 0)
