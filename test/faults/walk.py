#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails each allocation and system call in turn (inject.c) while an engine starts, takes over from a
killed one, replaces its model and ends, and looks at what is left.

usage: walk.py [--every N] [--first N] [--last N] [--only WALK] [--share I/N | --jobs N] [--list]
               [--minutes M]

Whatever fails: the engine ends with its documented status and one line that says why, or does what
it was asked for; no descriptor stays open, no pin, program, promiscuous mode or offload is left, and
packets cross, reach the host or don't, as before. Under the sanitizers also: no memory is left.

An engine that runs looks at its interfaces now and then, so how many calls a phase has depends on how
long it lasts: a run goes on until its call has failed. A call that isn't reached all the same is a
finding."""

import argparse
import json
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))

import lab
import place

PHASES = ("start", "reload", "close")
INJECT = os.path.join(lab.BUILD, "test", "inject.so")
RUNNING = ": running"
WAIT = 20  # seconds for anything; a hang is a finding
LOOK = 2   # seconds in which an engine that runs makes calls, for it looks at its interfaces
LOOKS = 0.05  # seconds of a run without a fault that are counted: a few looks
TRIES = 30  # of an n that a run does not reach: its threads share the work of an end unevenly
# What is said beside the line of the error: what was obtained, warnings, and what goes on.
ASIDE = re.compile("warning: |took over|nothing is dropped|: running|is at work|mode, |: driver |"
                   "packets go on, their events|the former file stays|model inside|"
                   "a table of .* to leave memory|the model at work stays")


class Page:
    """What inject.c and this program share (struct page)."""

    FIELDS = struct.Struct("IIIIIIIi96s")

    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def set(self, phase, n, variant):
        self.FIELDS.pack_into(self.memory, 0, phase, n, variant, 0, 0, 0, 0, -1, b"")

    def read(self):
        fields = self.FIELDS.unpack_from(self.memory, 0)
        return {"counts": fields[3:6], "hit": fields[6], "descriptors": fields[7],
                "what": fields[8].split(b"\0")[0].decode()}


class Run:
    """One engine under faults."""

    def __init__(self, command, page, here):
        env = dict(os.environ, LD_PRELOAD=INJECT, AFXDP_FAULTS=page.path,
                   ASAN_OPTIONS="verify_asan_link_order=0:exitcode=99:allocator_may_return_null=1",
                   UBSAN_OPTIONS="exitcode=99", **(here.environment() if here else {}))
        self.out = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.PIPE, env=env,
                                        preexec_fn=here.enter if here else None)
        self.said = ""
        os.set_blocking(self.process.stderr.fileno(), False)

    def read(self, timeout):
        """More of what it says; False when it has closed its mouth."""
        if not select.select([self.process.stderr], [], [], timeout)[0]:
            return True
        text = self.process.stderr.read()
        self.said += (text or b"").decode(errors="replace")
        return bool(text)

    def wait_for(self, *texts, since=0):
        """Whether one of the texts came before the end."""
        end = time.monotonic() + WAIT
        while not any(text in self.said[since:] for text in texts):
            if not self.read(0.5) or time.monotonic() > end:
                return False
        return True

    def end(self):
        """The exit status; None when it had to be killed."""
        end = time.monotonic() + WAIT
        while self.read(0.2) and time.monotonic() < end:
            pass
        try:
            status = self.process.wait(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        self.process.stderr.close()
        self.out.seek(0)
        self.output = self.out.read()
        self.out.close()
        return status


class Walk:
    """A script (start; perhaps SIGHUP; SIGTERM) run again and again, one call failing each time."""

    def __init__(self, name, phase, options, *, here=None, leftover=None):
        self.name = f"{name}, {leftover[0] + ', ' if leftover else ''}{phase}"
        self.phase = PHASES.index(phase)
        self.options = options
        self.here = here
        self.leftover = leftover[1] if leftover else None
        self.findings = 0
        self.crossed = None  # whether packets do before
        self.clean = None    # the state after a clean end
        self.unreached = []

    def command(self, options):
        return [lab.ENGINE, "--json", "--flows", "4096", "--model", place.MODEL, *options]

    def prepare(self):
        """The wire as it is before: nothing attached, or what a killed engine left."""
        if not self.here:
            return
        if self.leftover is not None:
            PAGE.set(0, 0, 0)
            run = Run(self.command(self.leftover), PAGE, self.here)
            if not run.wait_for(RUNNING):
                raise AssertionError(f"{self.name}: no leftover: {run.said}")
            run.process.kill()
            run.end()
        self.before = self.here.state()
        if self.crossed is None:
            self.crossed = self.here.ping()

    def linger(self, run, n):
        """Lets an engine run until its call has failed; without a fault for a few looks."""
        end = time.monotonic() + (LOOK if n else LOOKS)
        while run.process.poll() is None and time.monotonic() < end and not PAGE.read()["hit"]:
            time.sleep(0.005)

    def script(self, n=0):
        """One run. What is wrong with it, None if nothing."""
        run = Run(self.command(self.options), PAGE, self.here)
        running = self.here is None or run.wait_for(RUNNING)
        crosses = True
        if running and self.here:
            if self.phase == 0:
                self.linger(run, n)
            crosses = not self.here.carries(self.options) or self.here.ping()
            if self.phase == 1:
                run.process.send_signal(signal.SIGHUP)
                run.wait_for("is at work, ", "the model at work stays", since=len(run.said))
                self.linger(run, n)
                crosses = crosses and (not self.here.carries(self.options) or self.here.ping())
            run.process.send_signal(signal.SIGTERM)
        self.status = run.end()
        self.said, self.output = run.said, run.output
        self.started = running and self.here is not None
        return self.judge(crosses)

    def judge(self, crosses):
        wrong = self.judge_end() or self.judge_words()
        if wrong is None and not crosses:
            wrong = "packets don't get through while it runs"
        if wrong is None and self.here:
            wrong = self.judge_wire()
        return wrong

    def judge_end(self):
        if self.status is None:
            return "hangs"
        if self.status not in (0, 1, 2):
            return f"exit status {self.status}"
        if self.here and not self.started and self.status == 0:
            return "exit status 0 without having run"
        if self.here and not self.started and PAGE.read()["hit"] and self.status != 2:
            return None if "no memory" in self.said else f"exit status {self.status} of a start"
        open_still = PAGE.read()["descriptors"]
        return None if open_still == 0 else f"{open_still} descriptors are open at the end"

    def judge_words(self):
        lines = self.said.splitlines()
        reasons = [line for line in lines if not ASIDE.search(line)]
        if any(not line.startswith("afxdp-engine: ") for line in lines):
            return "says what isn't its own"
        if self.status != 0:
            return None if len(reasons) == 1 else f"{len(reasons)} lines say why"
        if reasons:
            return "ends well, but complains"
        try:
            report = json.loads(self.output)
            if self.here:
                lab.check_sums(report)
            else:
                assert report["packets"] == sum(report["endings"].values()) > 0
                assert report["error"] is None and report["model"]["path"]
        except (ValueError, KeyError, AssertionError, TypeError) as error:
            return f"its report isn't whole: {type(error).__name__} {error}"
        return None

    def judge_wire(self):
        expected = self.clean if self.started else self.before
        if expected is None:  # a first run sets the example
            self.clean = self.here.state()
            return None
        end = time.monotonic() + 2
        while (state := self.here.state()) != expected and time.monotonic() < end:
            time.sleep(0.02)
        if state != expected:
            return f"left behind: {place.difference(expected, state)}"
        if not self.started and self.crossed and not self.here.ping():
            return "the wire is dark"
        return None

    def one(self, n, variant):
        PAGE.set(self.phase, n, variant)
        wrong = self.script(n)
        page = PAGE.read()
        if wrong:
            self.findings += 1
            print(f"{self.name}, {n}: {page['what']}: {wrong}", flush=True)
            for line in self.said.splitlines():
                print(f"    {line}")
        if self.here and (wrong or (self.started and self.leftover is not None)):
            self.here.clear()
            self.prepare()
        return page

    def walk(self, every, first, last):
        begin = time.monotonic()
        if self.here:
            self.here.clear()
            if self.leftover is None:
                self.clean = self.here.state()
        self.prepare()
        PAGE.set(self.phase, 0, 0)
        wrong = self.script()
        calls = PAGE.read()["counts"][self.phase]
        if wrong:
            raise AssertionError(f"{self.name}: without a fault: {wrong}: {self.said}")
        if calls == 0:
            raise AssertionError(f"{self.name}: no call was seen: is {INJECT} in front?")
        if self.here:
            self.here.clear()
            self.prepare()
        failed = 0
        for n in range(first, min(calls, last) + 1, every):
            if any(self.one(n, n // every % 2)["hit"] for _ in range(TRIES)):
                failed += 1
            else:
                self.unreached.append(n)
        took = time.monotonic() - begin
        self.findings += len(self.unreached)
        print(f"{self.name}: {calls} calls, {failed} failed in turn, {took:.1f} s, "
              f"not reached {self.unreached or 'none'}, {self.findings} findings", flush=True)


def walks():
    single, bridge = place.Place("one"), place.Place("two", "--two-ports")
    rings = [word for ring in ("rx", "tx", "fill", "completion")
             for word in (f"--ring-{ring}", "128")]  # little memory: a start is quick
    afxdp_single = ["--iface", "eng0", "--consume", *rings]
    afxdp_bridge = ["--iface", "eng0", "--bridge", "eng1", *rings]
    kernel_single = ["--iface", "eng0", "--datapath", "kernel"]
    kernel_bridge = ["--iface", "eng0", "--bridge", "eng1", "--datapath", "kernel"]
    closed = [*afxdp_single, "--fail-closed"]
    lists = ["--eve", "/dev/null", "--allow", "192.0.2.0/24", "--deny", "2001:db8::/32"]
    blocks = ["--blocks", "16", "--block-unproven", "--shunts", "16", "--action", "unsure=limit:9"]
    yield Walk("capture", "start", ["--pcap", lab.MIXED])
    yield Walk("capture, events", "start", ["--pcap", lab.MIXED, "--eve", "/dev/null"])
    for phase in PHASES:
        yield Walk("afxdp events, lists, blocks", phase, [*afxdp_single, *lists, *blocks],
                   here=single)
    yield Walk("kernel events, lists, tunnels", "start",
               [*kernel_single, *lists, "--tunnels", "auto"], here=single)
    for name, options, here in (("afxdp single", afxdp_single, single),
                                ("afxdp bridge", afxdp_bridge, bridge),
                                ("kernel single", kernel_single, single),
                                ("kernel bridge", kernel_bridge, bridge)):
        for phase in PHASES:
            yield Walk(name, phase, options, here=here)
    yield Walk("afxdp bridge", "start", afxdp_bridge, here=bridge,
               leftover=("over afxdp", afxdp_bridge))
    yield Walk("kernel bridge", "start", kernel_bridge, here=bridge,
               leftover=("over kernel", kernel_bridge))
    yield Walk("kernel bridge", "start", kernel_bridge, here=bridge,
               leftover=("over afxdp", afxdp_bridge))
    yield Walk("afxdp bridge", "start", afxdp_bridge, here=bridge,
               leftover=("over kernel", kernel_bridge))
    yield Walk("afxdp single", "start", closed, here=single, leftover=("over closed", closed))
    user = ["--user", "nobody"]
    for phase in PHASES:
        yield Walk("afxdp bridge of a user", phase, [*afxdp_bridge, *user], here=bridge)
    yield Walk("kernel bridge of a user", "start", [*kernel_bridge, *user], here=bridge,
               leftover=("over root's", kernel_bridge))


def stop(*_):
    """Takes the labs down. timeout(1) signals twice: once the process, once its group."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("stopped")


def side_by_side(jobs):
    """Each share in a process of its own: most of the time a run waits."""
    shares = [subprocess.Popen([sys.executable, *sys.argv, "--jobs", "1", "--share", f"{i}/{jobs}"])
              for i in range(1, jobs + 1)]
    try:
        return max(share.wait() for share in shares)
    finally:
        for share in shares:
            share.terminate()  # it takes its labs down
        for share in shares:
            share.wait()


def main():
    global PAGE
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=sys.maxsize)
    parser.add_argument("--only", help="walks whose name holds this")
    parser.add_argument("--share", default="1/1", help="of N shares of the walks, the I-th")
    parser.add_argument("--jobs", type=int, default=1, help="shares that run side by side")
    parser.add_argument("--list", action="store_true", help="the walks' names")
    parser.add_argument("--minutes", type=float, default=30)
    arguments = parser.parse_args()
    check = subprocess.run([lab.LAB, "check"], check=False)
    if check.returncode:
        sys.exit(check.returncode)
    signal.signal(signal.SIGTERM, stop)
    if arguments.jobs > 1:
        sys.exit(side_by_side(arguments.jobs))
    end = time.monotonic() + arguments.minutes * 60
    findings = 0
    with tempfile.TemporaryDirectory() as folder:
        PAGE = Page(os.path.join(folder, "page"))
        os.chmod(folder, 0o755)  # a user reads the model again
        place.make_model(folder)
        try:
            share, shares = map(int, arguments.share.split("/"))
            for number, walk in enumerate(walks()):
                if number % shares != share - 1:
                    continue
                if arguments.only and arguments.only not in walk.name:
                    continue
                if arguments.list:
                    print(walk.name)
                    continue
                walk.walk(arguments.every, arguments.first, arguments.last)
                findings += walk.findings
                if time.monotonic() > end:
                    print(f"more than {arguments.minutes} minutes")
                    findings += 1
                    break
        finally:
            place.close_all()
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
