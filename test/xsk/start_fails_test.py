#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A start that fails leaves the wire exactly as it was: bare, or with what a killed engine left,
open or shut. AFXDP_PINGS (5) pings tell, before and after; more of them also try each start
with --fail-closed."""

import os
import signal

import lab

PINGS = int(os.environ.get("AFXDP_PINGS", "5"))
THOROUGH = PINGS > 5
KERNEL = ("--datapath", "kernel")
BRIDGE = ("--iface", "eng0", "--bridge", "eng1")
SINGLE = ("--iface", "eng0")
CLOSED = ("--fail-closed",)

# What an engine that was killed left behind.
ON_TWO_PORTS = {
    "nothing": None,
    "an AF_XDP bridge": BRIDGE,
    "a bridge in the kernel": BRIDGE + KERNEL,
    "a one-way wire": ("--iface", "eng0", "--forward", "eng1"),
    "a closed AF_XDP bridge": BRIDGE + CLOSED,
    "a closed bridge in the kernel": BRIDGE + KERNEL + CLOSED,
}
ON_ONE_PORT = {
    "nothing": None,
    "a closed AF_XDP port": SINGLE + CLOSED,
    "a closed port in the kernel": SINGLE + KERNEL + CLOSED,
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
        seen = [here.ping(PINGS, interval=0.01, wait=0.3)]
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
        if not options: # bare: a port's host answers, two ports are no wire
            return PINGS if len(interfaces) == 1 else 0
        return 0 if expects_closed(options) or "--forward" in options else PINGS

    def check(self, here, leftovers, ways, interfaces):
        for name, options in leftovers.items():
            if options:
                here.engine(*options, model="none").kill()
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
            if options: # the next clean end takes all of it away
                engine = here.engine(*options, model="none")
                engine.signal(signal.SIGTERM)
                self.assertEqual(engine.end(), 0)
                for interface in interfaces:
                    self.assertIsNone(here.attached(interface))

    def test_on_two_ports(self):
        self.check(self.lab("--two-ports"), ON_TWO_PORTS, (BRIDGE, SINGLE), ("eng0", "eng1"))

    def test_on_one_port(self):
        self.check(self.lab(), ON_ONE_PORT, (SINGLE,), ("eng0",))

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
                status, said = here.refused(*BRIDGE, *datapath)
                self.assertEqual(status, 2)
                self.assertIn("another afxdp-engine has it", said)
                self.assertEqual(here.attached("eng0"), before)
                holder.stop()


if __name__ == "__main__":
    lab.main()
