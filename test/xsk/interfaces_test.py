#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interfaces by whatever name they have, of every kind, and changed while the engine runs."""

import os
import re
import subprocess
import time

import lab


class Renamed(lab.Test):
    def test_a_rename_while_running_changes_nothing(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath)
                self.assertEqual(here.ping(2), 2)
                here.run("eng", "ip", "link", "set", "eng0", "name", "wan0")
                engine.wait_for("eng0 was renamed to wan0")
                self.assertEqual(here.ping(2), 2)
                report = engine.stop()
                self.assertEqual(report["ports"][0]["nic_rx_packets"], 4)
                self.assertNotIn("PROMISC", here.run("eng", "ip", "link", "show", "wan0").stdout)
                self.assertIsNone(here.attached("wan0"))

    def test_the_second_port_renamed(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1")
        here.run("eng", "ip", "link", "set", "eng1", "name", "lan0")
        engine.wait_for("eng1 was renamed to lan0")
        self.assertEqual(here.ping(2), 2)
        engine.stop()
        self.assertNotIn("PROMISC", here.run("eng", "ip", "link", "show", "lan0").stdout)

    def test_without_a_free_descriptor_it_goes_on(self):
        """No descriptor is no removed interface."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1")
        subprocess.run(["prlimit", f"--pid={engine.process.pid}", "--nofile=3:"], check=True,
                       timeout=10)
        time.sleep(0.5)
        self.assertIsNone(engine.process.poll(), engine.stderr())
        self.assertEqual(here.ping(2), 2)
        subprocess.run(["prlimit", f"--pid={engine.process.pid}", "--nofile=1024:"], check=True,
                       timeout=10)
        engine.stop()


class Changed(lab.Test):
    def set_mtu(self, here, mtu):
        here.run("gen", "ip", "link", "set", "gen0", "mtu", str(mtu))
        here.run("eng", "ip", "link", "set", "eng0", "mtu", str(mtu))

    def test_an_mtu_beyond_the_chunk_is_said(self):
        """Whatever it was before; what doesn't fit is counted, what fits is classified."""
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        self.set_mtu(here, 1700)
        fit = here.generate("--count", "100", "--length", "1700", "--rate", "5000")["sent"]
        time.sleep(0.5)
        self.assertNotIn("MTU", engine.stderr())
        self.set_mtu(here, 3000)
        engine.wait_for("eng0: the MTU changed while running, from 1700 to 3000: frames above "
                        "1792 bytes don't fit and are dropped")
        long = here.generate("--count", "100", "--length", "2500", "--rate", "5000")["sent"]
        self.set_mtu(here, 2000)
        engine.wait_for("from 3000 to 2000: frames above 1792")
        report = engine.stop()
        self.assertEqual(report["packets"], fit)
        self.assertEqual(report["queues"][0]["rx_dropped"], long)

    def test_ports_of_different_mtu_are_told(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                here.run("eng", "ip", "link", "set", "eng0", "mtu", "1600")
                wire = ("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath)
                engine = here.engine(*wire)
                self.assertIn("the MTU of eng0 is 1600 and that of eng1 1500: longer frames are lost "
                              "on the way across; ip link set eng1 mtu 1600", engine.stderr())
                engine.stop()
                here.run("eng", "ip", "link", "set", "eng1", "mtu", "1600")
                engine = here.engine(*wire)
                self.assertNotIn("MTU", engine.stderr())
                engine.stop()

    def test_channels_changed_is_said(self):
        """And that a veth has no program on a queue that it gets later."""
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--queues", "2")
                here.run("gen", "ethtool", "-L", "gen0", "tx", "1")
                here.run("eng", "ethtool", "-L", "eng0", "rx", "1")
                engine = here.engine("--iface", "eng0", "--datapath", datapath)
                here.run("eng", "ethtool", "-L", "eng0", "rx", "2")
                engine.wait_for("eng0: the channel count changed while running, from 1 to 2: "
                                "packets of queues beyond the 1 served here aren't classified")
                here.run("gen", "ethtool", "-L", "gen0", "tx", "2")
                sent = here.generate("--count", "2000", "--flows", "64", "--rate", "10000")["sent"]
                time.sleep(0.2)
                report = engine.stop()
                self.assertLess(report["packets"], sent)
                self.assertEqual(report["ports"][0]["nic_rx_packets"], sent)


class Down(lab.Test):
    def test_a_start_on_an_interface_that_is_down_says_so(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab()
                here.run("eng", "ip", "link", "set", "eng0", "down")
                engine = here.engine("--iface", "eng0", "--datapath", datapath)
                engine.wait_for("eng0 is down, so no packet comes: ip link set eng0 up")
                here.run("eng", "ip", "link", "set", "eng0", "up")
                here.generate("--count", "100", "--rate", "10000")
                time.sleep(0.2)
                self.assertGreaterEqual(engine.stop()["packets"], 100)


class Names(lab.Test):
    def test_alternative_names(self):
        here = self.lab()
        for name in ("uplink", "enp0s31f6-second-floor"):
            here.run("eng", "ip", "link", "property", "add", "dev", "eng0", "altname", name)
            engine = here.engine("--iface", name)
            here.generate("--count", "100", "--rate", "10000")
            time.sleep(0.2)
            report = engine.stop()
            self.assertEqual(report["packets"], 100)
            self.assertEqual(report["ports"][0]["nic_rx_packets"], 100)

    def test_a_stranger_of_the_same_name_is_left_alone(self):
        """/sys may show another namespace's interfaces: its eng0 isn't ours."""
        here = self.lab()
        here.run("gen", "ip", "link", "add", "eng0", "type", "veth", "peer", "name", "eng9")
        inside = ["ip", "netns", "exec", f"{here.name}-gen", "nsenter",
                  f"--net=/run/netns/{here.name}-eng", "env"]
        command = here.command("eng")  # the lab's bpffs isn't needed on one port
        self.assertTrue(command)
        engine = lab.Engine([*inside, lab.ENGINE, "--json", "--iface", "eng0", "--model", "none",
                             "--consume", "--busy-poll", "64", "--flows", "65536"])
        self.addCleanup(engine.close)
        engine.wait_for(": running")
        self.assertEqual(self.deferred(here, "gen"), 0)
        self.assertEqual(self.deferred(here, "eng"), 2)
        engine.stop()
        self.assertEqual(self.deferred(here, "eng"), 0)

    @staticmethod
    def deferred(here, place):
        done = subprocess.run(["ip", "netns", "exec", f"{here.name}-{place}", "cat",
                               "/sys/class/net/eng0/napi_defer_hard_irqs"], check=True, timeout=10,
                              capture_output=True, text=True)
        return int(done.stdout)


class Kinds(lab.Test):
    def test_without_ethernet(self):
        """Raw IP is refused for what it is; generic mode would misread it."""
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("no /dev/net/tun")
        here = self.lab()
        here.run("eng", "ip", "tuntap", "add", "tun0", "mode", "tun")
        here.run("eng", "ip", "link", "set", "tun0", "up")
        for mode in ("auto", "skb"):
            status, said = here.refused("--iface", "tun0", "--mode", mode)
            self.assertEqual(status, 2)
            self.assertIn("tun0, of type tun: its frames have no Ethernet header", said)
            self.assertNotIn("--mode skb", said)

    # docs/afxdp.md#kinds-of-interfaces says of each what happens and what to use instead: the kind,
    # how it is made ({0}: its name, {1}: a veth of its own), what natively and in generic mode.
    IS_A_WIRE, TAKES_IT = ": running", ": running"
    NOT_NATIVE = "its driver has no native XDP; --mode skb"
    TABLE = (
        ("veth", "true", IS_A_WIRE, TAKES_IT),
        ("tap", "ip tuntap add {0} mode tap", IS_A_WIRE, TAKES_IT),
        ("tun", "ip tuntap add {0} mode tun", "{0}, of type tun: its frames have no Ethernet",
         "{0}, of type tun: its frames have no Ethernet"),
        ("bridge", "ip link add {0} type bridge && ip link set {1} master {0}",
         "{0} is a bridge, which sees only what is meant for this host: name one of its ports ({1})",
         TAKES_IT),
        ("macvlan", "ip link add link {1} name {0} type macvlan",
         "{0} is a part of another interface: name that one", TAKES_IT),
        ("macvtap", "ip link add link {1} name {0} type macvtap",
         "{0} is a part of another interface: name that one", TAKES_IT),
        ("vxlan", "ip link add {0} type vxlan id 5 dstport 4789 local 127.0.0.1",
         "{0} is a tunnel: name the interface that carries it", TAKES_IT),
        ("lo", "true", NOT_NATIVE, TAKES_IT),
        ("ifb", "ip link add {0} type ifb", NOT_NATIVE, TAKES_IT),
        ("dummy", "ip link add {0} type dummy", NOT_NATIVE, TAKES_IT),
    )

    def test_every_kind(self):
        """As the table in docs/afxdp.md says; kinds that this kernel lacks are named."""
        with open(os.path.join(lab.ROOT, "docs", "afxdp.md"), encoding="utf-8") as file:
            page = file.read().split("## Kinds of interfaces")[1].split("\n## ")[0]
        tried = {name for row in re.findall(r"^\| ([^|]*) \|.*\| tried \|$", page, re.MULTILINE)
                 for name in row.split(", ")}
        lacking, seen = [], set()
        here = self.lab()
        for kind, make, native, generic in self.TABLE:
            name, own = ("eng0" if kind == "veth" else "lo" if kind == "lo" else "x0"), "own0"
            here.run("eng", "ip", "link", "add", own, "type", "veth", "peer", "name", "own1")
            made = here.run("eng", "sh", "-c", make.format(name, own), check=False)
            if made.returncode:
                lacking.append(kind)
                here.run("eng", "ip", "link", "del", own)
                continue
            seen.add(kind)
            here.run("eng", "ip", "link", "set", name, "up")
            for mode, datapath, said in (("auto", "afxdp", native), ("auto", "kernel", native),
                                         ("skb", "afxdp", generic), ("skb", "kernel", generic)):
                with self.subTest(kind=kind, mode=mode, datapath=datapath):
                    engine = here.engine("--iface", name, "--mode", mode, "--datapath", datapath,
                                         "--consume" if datapath == "afxdp" else "--flow-timeout=120",
                                         wait=False)
                    engine.wait_for(said.format(name, own))
                    if said == self.IS_A_WIRE:
                        engine.stop()
                    else:
                        self.assertEqual(engine.end(), 2)
                        self.assertIsNone(here.attached(name))
            if name == "x0":
                here.run("eng", "ip", "link", "del", name)
            here.run("eng", "ip", "link", "del", own)
        self.assertLessEqual(seen - {"dummy"}, tried)
        self.assertIn("veth", seen)
        if lacking:
            print(f"this kernel lacks {', '.join(lacking)}")

    def test_lo_carries_no_default_route(self):
        """Not the kernel's own, which rejects."""
        here = self.lab("--ipv6")
        here.run("eng", "ip", "-6", "route", "add", "unreachable", "default", "metric", "9999")
        engine = here.engine("--iface", "lo", "--mode", "skb")
        self.assertNotIn("default route", engine.stderr())
        engine.stop()

    def test_a_bpffs_with_a_long_path(self):
        here = self.lab("--two-ports")
        place = os.path.join(self.folder, "x" * 70)
        os.mkdir(place)
        subprocess.run(["mount", "-t", "bpf", "bpf", place], check=True, timeout=10)
        try:
            wire = ("--iface", "eng0", "--bridge", "eng1")
            there = ("env", f"LIBXDP_BPFFS={place}")
            here.engine(*wire, prefix=there).kill()
            self.assertEqual(here.ping(2), 2)
            engine = here.engine(*wire, prefix=there)
            self.assertIn("took over", engine.stderr())
            engine.stop()
        finally:
            subprocess.run(["umount", place], check=True, timeout=10)


if __name__ == "__main__":
    lab.main()
