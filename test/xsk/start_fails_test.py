#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A start that fails leaves the wire exactly as it was: bare, or with what an engine left, open or
shut. AFXDP_PINGS (5) pings tell, before and after; more of them also try each start with
--fail-closed, and over leftovers of every kind."""

import os
import time

import lab

PINGS = int(os.environ.get("AFXDP_PINGS", "5"))
THOROUGH = PINGS > 5
KERNEL = ("--datapath", "kernel")
BRIDGE = ("--iface", "eng0", "--bridge", "eng1")
SINGLE = ("--iface", "eng0")
FORWARD = ("--iface", "eng0", "--forward", "eng1")
CLOSED = ("--fail-closed",)
GENERIC = ("--mode", "skb")

# What an engine left behind that was killed, or was to leave the wire open.
ON_TWO_PORTS = {
    "nothing": None,
    "an AF_XDP bridge": BRIDGE,
    "a bridge in the kernel": BRIDGE + KERNEL,
    "a one-way wire": FORWARD,
    "a closed AF_XDP bridge": BRIDGE + CLOSED,
    "a closed bridge in the kernel": BRIDGE + KERNEL + CLOSED,
}
MORE_ON_TWO_PORTS = {
    "an AF_XDP bridge left open": BRIDGE + ("--leave-open",),
    "a bridge in the kernel left open": BRIDGE + KERNEL + ("--leave-open",),
    "an AF_XDP port": SINGLE,
    "a port in the kernel": SINGLE + KERNEL,
    "a closed AF_XDP port": SINGLE + CLOSED,
    "a closed port in the kernel": SINGLE + KERNEL + CLOSED,
    "a one-way wire in the kernel": FORWARD + KERNEL,
    "a closed one-way wire": FORWARD + CLOSED,
    "a closed one-way wire in the kernel": FORWARD + KERNEL + CLOSED,
    "a bridge in generic mode": BRIDGE + GENERIC,
    "a bridge in the kernel's generic mode": BRIDGE + KERNEL + GENERIC,
    "a closed bridge in generic mode": BRIDGE + GENERIC + CLOSED,
    "a closed bridge in the kernel's generic mode": BRIDGE + KERNEL + GENERIC + CLOSED,
}
ON_ONE_PORT = {
    "nothing": None,
    "a closed AF_XDP port": SINGLE + CLOSED,
    "a closed port in the kernel": SINGLE + KERNEL + CLOSED,
}
MORE_ON_ONE_PORT = {
    "an AF_XDP port": SINGLE,
    "a port in the kernel": SINGLE + KERNEL,
    "an AF_XDP port that sends back": SINGLE + ("--hairpin",),
    "a closed port in generic mode": SINGLE + GENERIC + CLOSED,
    "a closed port in the kernel's generic mode": SINGLE + KERNEL + GENERIC + CLOSED,
}


def expects_closed(options):
    return options is not None and "--fail-closed" in options


class StartFails(lab.Test):
    def setUp(self):
        super().setUp()
        self.tree = self.model("forest")

    def starts(self, ways):
        """Starts that fail late: AF_XDP when the sockets are bound, the kernel datapath when the
        model is loaded."""
        for way in ways:
            for closed in ((), CLOSED)[:1 + THOROUGH]:
                yield "none", (*way, *closed, "--mode", "zerocopy"), "zero-copy"
                yield self.tree, (*way, *closed, *KERNEL, "--kernel-form", "loops"), "kernel-form"

    def state(self, here, interfaces):
        """What can be seen of the wire, settings included."""
        seen = [here.ping(PINGS, interval=0.003, wait=0.3)]
        for interface in interfaces:
            link = here.run("eng", "ip", "-d", "link", "show", interface).stdout
            seen += [here.attached(interface), "PROMISC" in link.split("\n", 1)[0],
                     here.run("eng", "ethtool", "-k", interface).stdout,
                     here.run("eng", "ethtool", "-l", interface).stdout]
        pins = here.run("eng", "sh", "-c", "find $LIBXDP_BPFFS -type f | sort").stdout
        return seen + [pins]

    @staticmethod
    def come_back(options, interfaces):
        """How many pings come back without an engine."""
        if expects_closed(options) or "--forward" in (options or ()):
            return 0
        if len(interfaces) == 1:  # its host answers, or the engine that is killed stood alone
            return PINGS
        return PINGS if "--bridge" in (options or ()) else 0

    @staticmethod
    def leave(here, options):
        engine = here.engine(*options, model="none")
        if "--leave-open" in options:
            engine.stop()
        else:
            engine.kill()

    def check(self, here, leftovers, ways, interfaces):
        tried = 0
        for name, options in leftovers.items():
            if options:
                self.leave(here, options)
            before = self.state(here, interfaces)
            with self.subTest(over=name):
                self.assertEqual(before[0], self.come_back(options, interfaces))
            for model, start, says in self.starts(ways):
                with self.subTest(over=name, start=start):
                    status, said = here.refused(*start, model=model)
                    self.assertEqual(status, 2, said)
                    self.assertIn(says, said)
                    self.assertEqual("stays closed" in said, expects_closed(options))
                    self.assertEqual(self.state(here, interfaces), before)
                    tried += 1
            if options: # the next clean end takes all of it away
                here.engine(*(word for word in options if word != "--leave-open")).stop()
                for interface in interfaces:
                    self.assertIsNone(here.attached(interface))
        print(f"{tried} failed starts over {len(leftovers)} leftovers: of {PINGS} pings as many came "
              "back as before", flush=True)

    def test_on_two_ports(self):
        leftovers = {**ON_TWO_PORTS, **(MORE_ON_TWO_PORTS if THOROUGH else {})}
        self.check(self.lab("--two-ports"), leftovers, (BRIDGE, SINGLE), ("eng0", "eng1"))

    def test_on_one_port(self):
        leftovers = {**ON_ONE_PORT, **(MORE_ON_ONE_PORT if THOROUGH else {})}
        self.check(self.lab(), leftovers, (SINGLE,), ("eng0",))

    def test_generic_mode_over_native_and_back(self):
        """The kernel has room for one of the two: the leftover comes back all the same."""
        here = self.lab("--two-ports")
        for left, start in ((("--mode", "skb"), ("--mode", "zerocopy")),
                            ((), ("--datapath", "kernel", "--mode", "skb", "--kernel-form", "loops"))):
            here.engine(*BRIDGE, *left, model="none").kill()
            before = self.state(here, ("eng0", "eng1"))
            status, said = here.refused(*BRIDGE, *start, model=self.tree)
            self.assertEqual(status, 2, said)
            self.assertEqual(self.state(here, ("eng0", "eng1")), before)
            here.engine(*BRIDGE, *left, model="none").stop()

    def test_closed_and_refused_early(self):
        """Before any program is loaded, too, it is said which ports stay closed."""
        here = self.lab("--two-ports")
        here.engine(*BRIDGE, *CLOSED).kill()
        for port in ("eng0", "eng1"):
            here.run("eng", "ip", "link", "set", port, "mtu", "9000")
        status, said = here.refused(*BRIDGE, "--no-multi-buffer")
        self.assertEqual(status, 2, said)
        for port in ("eng0", "eng1"):
            self.assertIn(f"{port} stays closed", said)
        holder = here.engine("--iface", "eng1", *CLOSED)
        status, said = here.refused(*BRIDGE)
        self.assertIn("eng0 stays closed", said)
        self.assertNotIn("eng1 stays closed", said)  # somebody serves it
        holder.stop()

    def test_the_other_port_is_taken(self):
        """A killed wire goes on crossing while somebody else has one of its ports."""
        for datapath in ((), KERNEL):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                here.engine(*BRIDGE, *datapath).kill()
                holder = here.engine("--iface", "eng1", *KERNEL)
                before = here.attached("eng0")
                self.assertEqual(self.crossed(here), 1000)
                status, said = here.refused(*BRIDGE, *datapath)
                self.assertEqual(status, 2)
                self.assertIn("another afxdp-engine has it", said)
                self.assertEqual(here.attached("eng0"), before)
                self.assertEqual(self.crossed(here), 1000)
                holder.stop()

    @staticmethod
    def crossed(here):
        """How many of 1,000 packets that are sent into eng0 leave by eng1."""
        before = here.sink_packets()
        here.generate("--count", "1000", "--rate", "10000")
        time.sleep(0.1)
        return here.sink_packets() - before

    def test_no_thread_can_be_made(self):
        """Where a limit on processes (pids.max) leaves no room for workers, what crosses goes on."""
        group = f"/sys/fs/cgroup/pids/afxdp-test-{os.getpid()}"
        try:
            os.mkdir(group)
        except OSError as error:
            self.skipTest(f"no cgroup of the pids controller can be made: {error}")
        self.addCleanup(os.rmdir, group)
        with open(f"{group}/pids.max", "w", encoding="ascii") as file:
            file.write("1")
        limited = ("sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "limited")
        here = self.lab("--two-ports")
        for closed in ((), CLOSED):
            with self.subTest(closed=closed):
                here.engine(*BRIDGE, *closed).kill()
                before = self.state(here, ("eng0", "eng1"))
                self.assertEqual(before[0], 0 if closed else PINGS)
                status, said = here.refused(*BRIDGE, prefix=limited)
                self.assertEqual(status, 2, said)
                self.assertIn("Resource temporarily unavailable", said)
                self.assertEqual(self.state(here, ("eng0", "eng1")), before)

    def test_a_closed_loopback_stays_closed(self):
        here = self.lab()
        lo = ("--iface", "lo", *GENERIC)

        def answers():
            done = here.run("eng", "ping", "-n", "-q", "-c", str(PINGS), "-i", "0.01", "-W", "0.3",
                            "127.0.0.1", check=False).stdout
            return f" {PINGS} received" in done, " 0 received" in done

        for datapath in ((), KERNEL):
            with self.subTest(datapath=datapath):
                here.engine(*lo, *CLOSED, *datapath).kill()
                self.assertEqual(answers(), (False, True))
                for start in (("--iface", "lo", "--mode", "zerocopy"),
                              (*lo, *KERNEL, "--kernel-form", "loops")):
                    status, said = here.refused(*start, model=self.tree)
                    self.assertEqual(status, 2, said)
                    self.assertIn("lo stays closed", said)
                    self.assertEqual(answers(), (False, True))
                here.engine(*lo, *datapath).stop()
                self.assertEqual(answers(), (True, False))


if __name__ == "__main__":
    lab.main()
