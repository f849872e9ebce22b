#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Under traffic of ever new flows memory stays flat, and no frame is lost to the engine itself. In a
cgroup with little memory an engine does with less, or says what it can't do without.

AFXDP_LAB_SECONDS: how long (8; 60 is the bar that was set)."""

import contextlib
import os
import re
import socket
import subprocess
import time

import lab

SECONDS = int(os.environ.get("AFXDP_LAB_SECONDS", "8"))
RATE = 50000
WARM_UP = 2
METRICS = 9464


def resident(pid):
    """KiB of memory, and threads and open files."""
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    return (int(status["VmRSS"].split()[0]), int(status["Threads"]),
            len(os.listdir(f"/proc/{pid}/fd")))


def flood_of(here, seconds):
    """A generator of ever new flows."""
    count = RATE * seconds
    return here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(count), "--rate",
                      str(RATE), "--flows", str(min(count, 1 << 24)), stdout=subprocess.DEVNULL)


class Memory(lab.Test):
    def test_flat(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--action", "attack=drop",
                             model=self.model("ports"))
        flood = flood_of(here, WARM_UP + SECONDS)
        self.addCleanup(flood.kill)
        time.sleep(WARM_UP)
        pid = engine.process.pid
        samples = [resident(pid)]
        for _ in range(SECONDS):
            time.sleep(1)
            samples.append(resident(pid))
        flood.wait(timeout=60)
        report = engine.stop()
        sizes = [sample[0] for sample in samples]
        print(f"{SECONDS} s, {report['packets']} packets, {report['flows']} flows, "
              f"{report['evictions']} evicted: {sizes[0]} KiB at the start, {max(sizes)} at most, "
              f"{sizes[-1]} at the end")
        self.assertGreater(report["evictions"], 0)
        self.assertLessEqual(max(sizes) - sizes[0], 256, sizes)
        self.assertEqual({sample[1:] for sample in samples}, {samples[0][1:]})
        for queue in report["queues"]:
            self.assertEqual(lab.unexplained(queue), 0)
            self.assertEqual(queue["tx_unfinished"], 0)


class Pages(lab.Test):
    def test_says_what_was_obtained(self):
        """Whether anything lies in reserved pages, as the kernel says it, and which of the two does."""
        engine = self.lab().engine("--iface", "eng0")
        with open(f"/proc/{engine.process.pid}/smaps", encoding="ascii") as maps:
            text = maps.read()
        huge = "KernelPageSize:     2048 kB" in text
        queue = engine.stop()["queues"][0]
        kinds = {queue["packet_pages"], queue["flow_pages"]}
        self.assertLessEqual(kinds, {"reserved 2 MiB", "transparent huge", "ordinary"})
        self.assertEqual("reserved 2 MiB" in kinds, huge)


class Outputs(lab.Test):
    """Everything that tells others what the engine does, and others that don't behave."""

    CLIENTS = 100 # of the control socket
    SCRAPERS = 5  # more of them each second, until they are hung up on
    SETTLED = 6   # seconds until as many hang as may

    def client_of(self, path):
        made = socket.socket(socket.AF_UNIX)
        self.addCleanup(made.close)
        made.settimeout(5)
        made.connect(path)
        made.setblocking(False)
        return made

    def scraper_of(self, engine):
        made = lab.inside(f"/proc/{engine.process.pid}/ns/net", socket.socket)
        self.addCleanup(made.close)
        made.connect(("127.0.0.1", METRICS))
        made.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        return made

    def test_flat_though_nobody_reads(self):
        here = self.lab("--two-ports")
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--eve", pipe, "--write",
                             self.path("ring.pcapng"), "--write-max", "1M", "--write-files", "2",
                             "--metrics", str(METRICS), model=self.model("ports"))
        flood = flood_of(here, self.SETTLED + SECONDS)
        self.addCleanup(flood.kill)
        clients = [self.client_of(engine.control_socket()) for _ in range(self.CLIENTS)]
        samples, hanging = [], []
        for second in range(self.SETTLED + SECONDS):
            time.sleep(1)
            for client in clients:
                with contextlib.suppress(OSError):  # full, or hung up on
                    client.send(os.urandom(100) + b'\n{"command":"stats"}\n')
            hanging += [self.scraper_of(engine) for _ in range(self.SCRAPERS)]
            while len(hanging) > 100:  # hung up on long ago
                hanging.pop(0).close()
            if second >= self.SETTLED:
                samples.append(resident(engine.process.pid)[0])
        flood.wait(timeout=60)
        report = engine.stop()
        print(f"{SECONDS} s, {report['packets']} packets: {samples[0]} KiB once all hang, "
              f"{max(samples)} at most, {samples[-1]} at the end")
        self.assertLessEqual(max(samples) - samples[0], 512, samples)
        self.assertGreater(report["events"]["events_lost"]["flow"], 1000)
        for queue in report["queues"]:
            self.assertEqual(lab.unexplained(queue), 0)


def memory_cgroups():
    """The folder of the memory cgroup that this process is in, and its limit's file; None."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        paths = dict(line.strip().split(":", 2)[1:] for line in file)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            if line.split()[3] != "/":
                continue
            point, (kind, _, options) = line.split()[4], line.split(" - ")[1].split()[:3]
            if kind == "cgroup" and "memory" in options.split(","):
                return point + paths["memory"], "memory.limit_in_bytes"
            if kind == "cgroup2" and os.path.exists(point + "/memory.stat"):
                return point, "memory.max"
    return None


class Limit(lab.Test):
    def setUp(self):
        super().setUp()
        found = memory_cgroups()
        if not found or not os.access(found[0], os.W_OK):
            self.skipTest("no memory cgroups here")
        parent, self.limit = found
        self.group = os.path.join(parent, f"xsk{os.getpid()}")
        # The limit is the upper one's: every level counts.
        for folder in (self.group, self.group + "/inner"):
            try:
                os.mkdir(folder)
            except OSError as error:
                self.skipTest(f"no memory cgroup can be made: {error}")
            self.addCleanup(os.rmdir, folder)
        if not os.path.exists(f"{self.group}/{self.limit}"):
            self.skipTest("the memory controller isn't handed down to cgroups made here")

    def engine(self, mib, *options):
        with open(f"{self.group}/{self.limit}", "w", encoding="ascii") as file:
            file.write(str(mib << 20))
        here = self.lab("--queues", "16")
        engine = lab.Engine(here.command(
            "eng", "sh", "-c", f'echo $$ >{self.group}/inner/cgroup.procs && exec "$@"', "sh",
            lab.ENGINE, "--json", "--iface", "eng0", "--consume", "--model", "none", *options))
        self.addCleanup(engine.close)
        return here, engine

    def test_less(self):
        here, engine = self.engine(1024)
        said = engine.wait_for(": running").stderr()
        self.assertRegex(said, r"a table of \d+ flows for each of 16 workers, to leave memory")
        here.generate("--count", "1000")
        self.assertEqual(engine.stop()["packets"], 1000)

    def test_refused(self):
        for mib, options in ((256, ()), (1024, ("--flows", "1048576"))):
            with self.subTest(mib=mib, options=options):
                here, engine = self.engine(mib, *options)
                self.assertEqual(engine.end(), 2)
                said = [line for line in engine.stderr().splitlines() if " need " in line]
                self.assertEqual(len(said), 1, engine.stderr())
                found = re.search(r"16 workers need (\d+) MiB .* but (\S+) of (\d+) MiB leaves "
                                  r"(\d+): lower --flows, --queues", said[0])
                self.assertTrue(found, said)
                self.assertTrue(found[2].startswith(self.group + "/" + self.limit), said)
                self.assertEqual(int(found[3]), mib)
                self.assertGreater(int(found[1]), int(found[4]))
                shown = here.run("eng", "ip", "-d", "link", "show", "eng0").stdout
                self.assertIn("promiscuity 0", shown)
                self.assertNotIn("prog/xdp", shown)


if __name__ == "__main__":
    lab.main()
