# SPDX-License-Identifier: BSD-2-Clause
"""What a scenario is, and what it may use.

A scenario is a function that takes a Context and runs real programs. It owns the addresses it asks
for: no other scenario of the run uses them, so one address tells whose packet it is, and that makes
the labels exact. All choices come from Context.rng, which the seed and the scenario's name decide.
"""
import random
import threading
import time
from collections import namedtuple

from .lab import DARK, HERE, address, dark, gateway
from .labels import Row

Scenario = namedtuple("Scenario", "name label function needs families scales")
Plan = namedtuple("Plan", "name scenario rng factor family owned")
SCENARIOS = []
TARGETS = 24  # the first addresses of srv, rfl and wan are servers that all scenarios share


def scenario(label, needs=("client",), families=(4, 6), scales=("small", "medium", "large")):
    """Registers a function under its name.

    needs: the addresses an instance owns, each a place or "client", which is lan or wan.
    """
    def add(function):
        SCENARIOS.append(Scenario(function.__name__, label, function, needs, families, scales))
        return function
    return add


def make_plan(chosen, name, seed, factor, pool):
    """Draw an instance: its address family and its addresses."""
    rng = random.Random(f"{seed}:{name}")
    family = rng.choice(chosen.families)
    owned = []
    for need in chosen.needs:
        place = rng.choice(("lan", "wan")) if need == "client" else need
        owned.append((place, pool.take(place)))
    return Plan(name, chosen, rng, factor, family, owned)


class Stopped(Exception):
    """The run's time is over, or it was interrupted."""


class Pool:
    """Hands out the addresses of each place, once."""

    def __init__(self, size):
        self.size = size
        self.next = {"srv": TARGETS, "rfl": TARGETS, "wan": TARGETS, "lan": 0, "atk": 0}

    def take(self, place):
        number = self.next[place]
        if number >= self.size:
            raise ValueError(f"no address is left in {place}")
        self.next[place] += 1
        return number


class Context:
    """One instance of a scenario: its random numbers, its addresses, its programs."""

    def __init__(self, plan, lab, services, stop):
        """plan: the Plan of this instance (see make_plan)."""
        self.plan, self.lab, self.services, self.stop = plan, lab, services, stop
        self.factor, self.family = plan.factor, plan.family
        self.commands, self.lock = [], threading.Lock()
        self.thread = threading.local()
        self.v6 = self.family == 6

    @property
    def rng(self):
        """The instance's random numbers, or those of the job that this thread does (see crew)."""
        return getattr(self.thread, "rng", self.plan.rng)

    # -- addresses -----------------------------------------------------------------------------

    def own(self, index=0):
        """An address that is this instance's own: the index-th it was promised."""
        place, number = self.plan.owned[index]
        return address(place, number, self.family)

    @property
    def place(self):
        """Where the instance's own address is."""
        return self.plan.owned[0][0]

    def server(self, place="srv"):
        """One of the servers that scenarios share."""
        return address(place, self.rng.randrange(TARGETS), self.family)

    def servers(self, count, place="srv"):
        first = self.rng.randrange(TARGETS - count + 1)
        return [address(place, first + n, self.family) for n in range(count)]

    def host(self, name):
        """An address as it stands in a URL."""
        return f"[{name}]" if self.v6 else name

    def dark(self):
        """An address to which the router delivers, and where nobody answers."""
        return dark(self.rng.randrange(DARK), self.family)

    def pin(self, target):
        """Make this instance's first address the source of all that goes to target: for programs
        that can't be told their source. The target must be an own address too."""
        hop = "" if self.place in ("lan", "srv") else f"via {gateway(self.place, self.family)} "
        self.lab.ip([f"route replace {target} {hop}dev eth0 src {self.own()}"], self.place,
                    self.family)

    # -- choices -------------------------------------------------------------------------------

    def some(self, low, high):
        """A count between low and high at scale small, more at the others."""
        return max(1, round(self.rng.uniform(low, high) * self.factor))

    def pause(self, low, high):
        if self.stop.wait(self.rng.uniform(low, high)):
            raise Stopped

    def file(self, text):
        """A new file of this instance's own, in the lab's folder."""
        self.thread.files = getattr(self.thread, "files", 0) + 1
        job = getattr(self.thread, "job", "")
        path = self.services.path(f"{self.plan.name}.{job}{self.thread.files}")
        with open(path, "w") as out:
            out.write(text)
        return path

    # -- programs ------------------------------------------------------------------------------

    def run(self, argv, timeout=20, text=None, place=None):
        """Run a program for at most timeout seconds; returns (status, output)."""
        if self.stop.is_set():
            raise Stopped
        argv = [str(word) for word in argv]
        result = self.lab.run(place or self.place, argv, timeout, text)
        line = " ".join(argv)
        for text, name in ((self.lab.dir, "$LAB"), (HERE, "$RECORD"), (self.services.password,
                                                                        "$PASSWORD")):
            line = line.replace(text, name)
        with self.lock:
            self.commands.append((line, result[0]))
        return result

    def start(self, argv, port, place="srv"):
        """Start a server of this instance's own; the caller ends it with lab.end."""
        process = self.lab.spawn(place, [str(word) for word in argv])
        self.lab.wait_listening(process, port, argv[0])
        return process

    def at_once(self, jobs):
        """Run functions in parallel and wait for all."""
        threads = [threading.Thread(target=self.guarded, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def crew(self, jobs):
        """As at_once, but each job draws random numbers of its own, so that the seed decides what
        it does however the jobs interleave."""
        seeds = [self.rng.random() for _ in jobs]

        def as_one(number):
            self.thread.rng, self.thread.job = random.Random(seeds[number]), f"{number}."
            jobs[number]()
        self.at_once([lambda n=number: as_one(n) for number in range(len(jobs))])

    @staticmethod
    def guarded(job):
        try:
            job()
        except Stopped:
            pass

    def dress(self):
        """Give the place the habits of some operating system: the options in its SYNs (hence their
        length and that of later packets) and its ephemeral ports. Scenarios overlap, so a place's
        traffic is a mixture."""
        stamps, sack, scaling = self.rng.choice(((1, 1, 1),) * 6 + ((0, 1, 1),) * 6 +
                                                ((0, 1, 0), (0, 0, 0)))
        first = self.rng.choice(("32768 60999", "49152 65535", "1024 65000", "10000 65000"))
        self.lab.sysctl(self.place, net__ipv4__tcp_timestamps=stamps, net__ipv4__tcp_sack=sack,
                        net__ipv4__tcp_window_scaling=scaling,
                        net__ipv4__ip_local_port_range=first)

    def play(self):
        """Run the scenario; returns its record for the run's description."""
        begun, ending = time.time(), "done"
        try:
            self.dress()
            self.plan.scenario.function(self)
        except Stopped:
            ending = "stopped"
        return {"name": self.plan.name, "label": self.plan.scenario.label, "family": self.family,
                "addresses": [address(*owned, self.family) for owned in self.plan.owned],
                "begun": round(begun, 3), "seconds": round(time.time() - begun, 3),
                "ending": ending, "commands": self.commands}


def rows_of(plan):
    """The label rows of an instance: whatever comes from or goes to the addresses it owns."""
    return [Row(source=address(*owned, plan.family), label=plan.scenario.label)
            for owned in plan.owned]
