#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nobody takes a host off its network by accident: a single port that carries an address of this
host is consumed only where --consume says so."""

import lab

WAYS_OUT = ("--datapath kernel", "--forward", "--bridge", "--hairpin", "--consume")


class Addressed(lab.Test):
    def setUp(self):
        super().setUp()
        self.here = self.lab()

    def refused(self, says, *options):
        status, said = self.here.refused(*options, consume=False)
        self.assertEqual(status, 2, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        for text in (says, *WAYS_OUT):
            self.assertIn(text, said)
        self.assertIsNone(self.here.attached())
        self.assertNotIn("PROMISC", self.here.run("eng", "ip", "link", "show", "eng0").stdout)

    def starts(self, *options):
        self.here.engine(*options, consume=False).stop()

    def without_addresses(self):
        self.here.run("eng", "ip", "address", "flush", "dev", "eng0")

    def test_an_address_of_the_port(self):
        self.refused("eng0 carries an address of this host (10.77.0.2), which", "--iface", "eng0")
        self.assertEqual(self.here.ping(), 1)
        self.refused("eng0 carries an address of this host (10.77.0.2), which")  # chosen by itself
        self.starts("--iface", "eng0", "--hairpin")
        self.starts("--iface", "eng0", "--datapath", "kernel")
        engine = self.here.engine("--iface", "eng0", "--consume", consume=False)
        self.assertEqual(self.here.ping(), 0)
        engine.stop()

    def test_none(self):
        self.without_addresses()
        self.starts("--iface", "eng0")

    def test_ipv6(self):
        self.without_addresses()
        self.here.run("eng", "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/eng0/disable_ipv6")
        self.here.run("eng", "ip", "address", "add", "fe80::2/64", "dev", "eng0", "nodad")
        self.starts("--iface", "eng0")
        self.here.run("eng", "ip", "address", "add", "2001:db8::2/64", "dev", "eng0", "nodad")
        self.refused("(2001:db8::2), which", "--iface", "eng0")

    def test_what_gets_its_frames(self):
        self.without_addresses()
        run = self.here.run
        run("eng", "ip", "link", "add", "br0", "type", "bridge")
        run("eng", "ip", "link", "set", "eng0", "master", "br0")
        self.starts("--iface", "eng0")
        run("eng", "ip", "address", "add", "192.0.2.7/24", "dev", "br0")
        self.refused("(192.0.2.7 on br0), which", "--iface", "eng0")


class Wire(lab.Test):
    def test_forward(self):
        here = self.lab("--two-ports")
        here.run("eng", "ip", "address", "add", "192.0.2.7/24", "dev", "eng0")
        here.engine("--iface", "eng0", "--forward", "eng1", consume=False).stop()
        here.engine("--iface", "eng0", "--bridge", "eng1", consume=False).stop()


if __name__ == "__main__":
    lab.main()
