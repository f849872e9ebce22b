#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`afxdp-engine doctor` in set-ups that are broken on purpose: it names the cause, and nothing else."""

import json
import os

import lab

RIGHTS = ("net_admin", "net_raw", "bpf", "perfmon", "ipc_lock", "sys_admin")


def without(*gone):
    """A prefix that takes capabilities away from root."""
    kept = ",".join(f"+{name}" for name in RIGHTS if name not in gone)
    return ("setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all")


class Doctor(lab.Test):
    def examine(self, here, *words, prefix=(), status=None):
        done = here.run("eng", *prefix, lab.ENGINE, "doctor", *words, "--json", check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, report["worst"] == "fault")
        return report["findings"]

    def diagnose(self, here, cause, level, text, *words, prefix=(), cure="", beside=()):
        """Exactly one complaint, but for those of the checks named in `beside`."""
        findings = self.examine(here, *(words or ("eng0",)), prefix=prefix)
        bad = [finding for finding in findings
               if finding["level"] != "ok" and finding["check"] not in beside]
        self.assertEqual([finding["check"] for finding in bad], [cause], bad)
        self.assertEqual(bad[0]["level"], level, bad)
        self.assertIn(text, bad[0]["what"])
        self.assertIn(cure, bad[0]["cure"])

    def bare(self, *options):
        """A lab whose engine port has no address, which a single port must not have."""
        here = self.lab(*options)
        here.run("eng", "ip", "address", "flush", "dev", "eng0")
        return here

    def test_a_sound_machine(self):
        here = self.bare()
        findings = self.examine(here, "eng0")
        self.assertEqual([f for f in findings if f["level"] != "ok"], [])
        mode = [f["what"] for f in findings if f["check"] == "XDP mode"]
        self.assertTrue(mode and mode[0].startswith("copy mode"), findings)
        self.assertIsNone(here.attached())
        text = here.run("eng", lab.ENGINE, "doctor", "eng0").stdout
        self.assertIn("ok      kernel         Linux ", text)

    def test_the_machine_alone(self):
        here = self.lab()
        checks = [finding["check"] for finding in self.examine(here)]
        self.assertIn("bpffs", checks)
        self.assertNotIn("interface", checks)

    def test_no_such_interface(self):
        self.diagnose(self.lab(), "interface", "fault", "nothing0", "nothing0")

    def test_down(self):
        here = self.bare()
        here.run("eng", "ip", "link", "set", "eng0", "down")
        self.diagnose(here, "interface", "fault", "is down", cure="ip link set dev eng0 up")

    def test_no_carrier(self):
        here = self.bare()
        here.run("gen", "ip", "link", "set", "gen0", "down")
        self.diagnose(here, "interface", "warning", "no carrier")

    def test_not_a_wire(self):
        here = self.bare()
        here.run("eng", "ip", "link", "add", "br0", "type", "bridge")
        here.run("eng", "ip", "link", "set", "br0", "up")
        self.diagnose(here, "interface", "fault", "bridge", "br0")

    def test_not_ethernet(self):
        here = self.bare()
        here.run("eng", "ip", "tuntap", "add", "tun0", "mode", "tun")
        self.diagnose(here, "interface", "fault", "Ethernet", "tun0")

    def test_anothers_program(self):
        here = self.bare()
        program = os.path.join(lab.BUILD, "engine/attach/pass.bpf.o")
        here.run("eng", "ip", "link", "set", "eng0", "xdp", "obj", program, "sec", "xdp")
        before = here.attached()
        self.diagnose(here, "programs", "fault", "another's XDP program",
                      cure="ip link set dev eng0 xdp off")
        self.assertEqual(here.attached(), before)

    def test_an_engine_runs(self):
        here = self.bare()
        engine = here.engine("--iface", "eng0")
        self.diagnose(here, "programs", "fault", str(engine.process.pid), cure="ctl stop")
        engine.stop()

    def test_rights(self):
        here = self.bare()
        for gone, level, text in (("bpf", "fault", "CAP_BPF"), ("net_raw", "fault", "CAP_NET_RAW"),
                                  ("net_admin", "fault", "CAP_NET_ADMIN"),
                                  ("perfmon", "warning", "CAP_PERFMON")):
            with self.subTest(gone=gone):
                # CAP_SYS_ADMIN would stand in for CAP_BPF and CAP_PERFMON
                self.diagnose(here, "rights", level, text + " is missing", cure="sudo",
                              prefix=without(gone, "sys_admin"))
                self.assertIsNone(here.attached())

    def test_locked_memory(self):
        here = self.bare()
        prefix = ("bash", "-c", 'ulimit -l 64; exec "$@"', "bash", *without("ipc_lock", "sys_admin"))
        self.diagnose(here, "locked memory", "fault", "64 KiB", cure="ulimit -l", prefix=prefix)

    def test_no_bpffs(self):
        here = self.bare()
        self.diagnose(here, "bpffs", "warning", self.folder, cure="mount -t bpf",
                      prefix=("env", f"LIBXDP_BPFFS={self.folder}"))

    def test_several_queues_without_symmetry(self):
        self.diagnose(self.bare("--queues", "4"), "queues", "warning", "4, and both directions",
                      cure="--queues 1")

    def test_the_default_route(self):
        here = self.lab()
        here.run("eng", "ip", "route", "add", "default", "via", "10.77.0.1")
        self.diagnose(here, "XDP mode", "warning", "not tried: eng0 carries the default route")
        self.assertIsNone(here.attached())

    def test_an_address_of_this_host(self):
        self.diagnose(self.lab(), "XDP mode", "fault", "address")

    def test_a_driver_that_refuses(self):
        """veth takes no native program while its other side sends bigger frames than fit."""
        here = self.bare("--mtu", "9000")
        findings = self.examine(here, "eng0")
        self.assertIn("MTU", [finding["check"] for finding in findings])


if __name__ == "__main__":
    lab.main()
