#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A port's life over a real driver: settings, the link, the device, and the engine's own end."""

import os
import re
import subprocess
import time

import nic
from nic import AT_WORK, BRIDGE, DRIVER, MODE, QUEUES, QUICK
import lab


class Life(lab.Test):
    def receives(self, here, engine):
        """All of what comes now."""
        self.until(lambda: "LOWER_UP" in here.run("eng", "ip", "link", "show", "eng0").stdout, 20,
                   "the carrier")
        time.sleep(1)
        sent = here.generate("--count", "200", "--rate", "500")["sent"]
        time.sleep(0.5)
        self.assertGreaterEqual(engine.stop()["packets"], sent)

    def sysfs(self, here, name):
        """Of a namespace only `ip netns exec` sees it."""
        return subprocess.run(["ip", "netns", "exec", f"{here.name}-eng", "cat",
                               f"/sys/class/net/{name}"], capture_output=True, text=True,
                              check=False).stdout

    def settings(self, here, interface):
        """What an engine changes of a port."""
        said = {what: here.run("eng", "ethtool", what, interface, check=False).stdout
                for what in ("-l", "-x", "-k")}
        flags = re.search(r"<(.*?)>", here.run("eng", "ip", "link", "show", interface).stdout)
        said["flags"] = sorted(set(flags.group(1).split(",")) - {"LOWER_UP", "NO-CARRIER"})
        said["promiscuity"] = re.search(r"promiscuity \d+", here.run(
            "eng", "ip", "-d", "link", "show", interface).stdout).group()
        for name in ("napi_defer_hard_irqs", "gro_flush_timeout", "mtu"):
            said[name] = self.sysfs(here, f"{interface}/{name}")
        return said

    def check_ends(self, ports, *wire):
        """After every end the ports are as before."""
        here = self.lab("--queues", "1", *(("--two-ports",) if len(ports) > 1 else ()))
        options = [*wire, "--mode", MODE, "--busy-poll", "64"]
        if int(QUEUES) > 1:
            options += ["--queues", QUEUES, "--set-channels"]
            if DRIVER == "igb":  # virtio_net has no key that could be read
                options += ["--symmetric-rss"]
        before = [self.settings(here, port) for port in ports]

        def is_as_before(when):
            self.assertEqual([self.settings(here, port) for port in ports], before, when)
            print(f"as before {when}", flush=True)

        engine = here.engine(*options)
        self.assertNotEqual([self.settings(here, port) for port in ports], before, "at work")
        engine.stop()
        self.assertNotIn("cannot put back", engine.stderr())
        is_as_before("after a clean end")
        status, said = here.refused(*options, "--cores", "99")
        self.assertEqual(status, 2, said)
        is_as_before("after a failed start")
        here.engine(*options).kill()
        self.assertNotEqual([self.settings(here, port) for port in ports], before, "after a kill")
        engine = here.engine(*wire, "--mode", MODE, "--queues", QUEUES)
        engine.stop()
        self.assertNotIn("put back", engine.stderr())
        is_as_before("after a kill and another's clean end")
        if int(QUEUES) > 1:  # the kernel refuses fewer channels under a user's table
            for port in ports:
                here.run("eng", "ethtool", "-L", port, "combined", QUEUES)
                here.run("eng", "ethtool", "-L", port, "combined", "1")
            print("no table is the user's", flush=True)

    def test_settings_single(self):
        self.check_ends(["eng0"], "--iface", "eng0")

    def test_settings_bridge(self):
        self.check_ends(["eng0", "eng1"], "--iface", "eng0", "--bridge", "eng1")

    def test_link_is_set(self):
        """Down and up by its administrator."""
        here = self.lab("--queues", QUEUES)
        engine = here.engine("--iface", "eng0", *AT_WORK)
        for _ in range(3 if QUICK else 10):
            here.run("eng", "ip", "link", "set", "eng0", "down")
            here.run("eng", "ip", "link", "set", "eng0", "up")
        self.receives(here, engine)

    def test_carrier(self):
        """The cable goes out and in, under load; each is seen."""
        here = self.lab("--queues", QUEUES)
        flaps = 5 if QUICK else 50
        engine = here.engine("--iface", "eng0", *AT_WORK)
        load = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(flaps * 8000),
                          "--rate", "500", stdout=subprocess.DEVNULL)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        changes = int(self.sysfs(here, "eng0/carrier_changes"))
        for _ in range(flaps):
            for state, carrier in (("off", "0"), ("on", "1")):
                nic.hand("link", nic.NICS["eng0"], state)
                self.until(lambda: self.sysfs(here, "eng0/carrier").strip() == carrier, 20,
                           f"carrier {carrier}")
        changes = int(self.sysfs(here, "eng0/carrier_changes")) - changes
        load.kill()
        load.wait()
        print(f"{changes} changes of the carrier", flush=True)
        self.assertGreaterEqual(changes, 2 * flaps)
        self.receives(here, engine)

    def test_kills(self):
        """Killed under load again and again; the next one has it all."""
        here = self.lab("--queues", QUEUES)
        kills = 3 if QUICK else 20
        load = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(kills * 4000),
                          "--rate", "1000", stdout=subprocess.DEVNULL)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        for _ in range(kills):
            engine = here.engine("--iface", "eng0", *AT_WORK)
            time.sleep(0.3)
            engine.kill()
        load.kill()
        load.wait()
        self.receives(here, here.engine("--iface", "eng0", *AT_WORK))

    def test_kills_inline(self):
        """The same of a bridge: between the kills, pings cross."""
        here = self.lab("--two-ports", "--queues", QUEUES)
        for _ in range(2 if QUICK else 5):
            engine = here.engine(*BRIDGE)
            self.assertEqual(here.ping(3, wait=3), 3)
            engine.kill()
        engine = here.engine(*BRIDGE)
        self.assertEqual(here.ping(3, wait=3), 3)
        engine.stop()

    def test_unplug(self):
        """The device is pulled out and the engine says so; it is put in again, and another takes
        it."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--mode", MODE)
        names = set(os.listdir("/sys/class/net"))
        nic.hand("unplug", nic.NICS["eng0"])
        self.assertEqual(engine.end(), 1, engine.stderr())
        self.assertIn("removed", engine.stderr())

        def plugged():
            try:
                nic.hand("plug", nic.NICS["eng0"])
                return True
            except AssertionError as error:
                print(error, flush=True)
                self.assertIn("Duplicate", str(error))  # it isn't all gone yet
                time.sleep(0.5)
                return False

        self.until(plugged, 30, "plugging it in")
        self.until(lambda: set(os.listdir("/sys/class/net")) - names, 30, "its return")
        back, = set(os.listdir("/sys/class/net")) - names
        subprocess.run(["ip", "link", "set", back, "down"], check=True)
        subprocess.run(["ip", "link", "set", back, "netns", f"{here.name}-eng"], check=True)
        here.run("eng", "ip", "link", "set", back, "name", "eng0", "up")
        here.run("eng", "ethtool", "-L", "eng0", "combined", "1", check=False)
        self.receives(here, here.engine("--iface", "eng0", "--mode", MODE))


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
