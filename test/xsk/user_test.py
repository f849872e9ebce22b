#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--user: after its start an engine is nobody, whose threads hold no capability but the main one the
three that replacing and putting back take; and whatever it began as root goes on and ends well."""

import glob
import json
import os
import pathlib
import pwd
import re
import signal

import lab

USER = "nobody"
KEPT = {12, 38, 39} # CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF
DATAPATHS = (("afxdp", "--blocks", "1000", "--busy-poll", "64"), ("kernel",))
RUN = "/run/afxdp-engine"


def threads(pid):
    """id -> the fields of its status."""
    found = {}
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        found[int(path.split("/")[4])] = dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))
    return found


def capabilities(status):
    held = int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapInh"], 16)
    return {bit for bit in range(64) if held >> bit & 1}


class User(lab.Test):
    def setUp(self):
        super().setUp()
        self.who = pwd.getpwnam(USER)
        os.chmod(self.folder, 0o755)
        os.mkdir(self.path("events"))
        os.chown(self.path("events"), self.who.pw_uid, self.who.pw_gid)

    def start(self, here, datapath, *options, **how):
        if "afxdp" in datapath:
            options = ("--write", self.path("events/w.pcapng"), *options)
        return here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", *datapath, "--user",
                           USER, "--eve", self.path("events/eve.json"), "--metrics", "9464",
                           *options,
                           model=self.model("forward"), **how)

    def ctl(self, here, *words, check=True):
        return here.run("eng", lab.ENGINE, "ctl", *words, check=check)

    def check_threads(self, engine, datapath):
        pid, found = engine.process.pid, threads(engine.process.pid)
        self.assertGreaterEqual(len(found), 3)
        held = {}
        for thread, status in found.items():
            self.assertEqual(set(status["Uid"].split()), {str(self.who.pw_uid)})
            self.assertEqual(set(status["Gid"].split()), {str(self.who.pw_gid)})
            groups = {int(group) for group in status["Groups"].split()}
            self.assertEqual(groups, set(os.getgrouplist(USER, self.who.pw_gid)))
            self.assertEqual(status["NoNewPrivs"], "1")
            if capabilities(status):
                held[thread] = capabilities(status)
        self.assertEqual(held.pop(pid), KEPT)
        # The thread of --blocks writes to a map of the kernel.
        self.assertEqual(list(held.values()), [{38, 39}] if "--blocks" in datapath else [])

    def promiscuous(self, here):
        text = here.run("eng", "ip", "-d", "link", "show", "eng0").stdout
        return int(re.search(r"promiscuity (\d+)", text)[1])

    def interrupts(self, here):
        files = " ".join(f"/sys/class/net/eng0/{name}"
                         for name in ("napi_defer_hard_irqs", "gro_flush_timeout"))
        return here.run("eng", "unshare", "-m", "sh", "-c",
                        f"mount -t sysfs s /sys && cat {files}").stdout.split()

    def pins(self, here):
        return here.run("eng", "sh", "-c", "find $LIBXDP_BPFFS -path '*/bpf/afxdp-engine*' -type f").stdout.split()

    def left(self, pid):
        """Claims that a process of that number has left with something in them to be put back."""
        def is_of(path):
            claim = pathlib.Path(path.removesuffix(".settings"))
            return claim.exists() and claim.read_text().strip() == str(pid)

        return [path for path in glob.glob(f"{RUN}/*.settings") if os.path.getsize(path) and is_of(path)]

    def check_end(self, here, engine):
        engine.stop()
        self.assertIsNone(here.attached())
        self.assertEqual(self.promiscuous(here), 0)
        self.assertEqual(self.interrupts(here), ["0", "0"])
        self.assertEqual(self.pins(here), [])
        self.assertEqual(self.left(engine.process.pid), [])
        self.assertIn("no engine", self.ctl(here, "version", check=False).stderr)

    def test_it_is_told_and_ends(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                # as systemd mounts it: nobody else may look into it
                here.run("eng", "sh", "-c", "chmod 700 $LIBXDP_BPFFS")
                engine = self.start(here, datapath)
                self.check_threads(engine, datapath)
                self.assertEqual(self.promiscuous(here), 1)
                self.assertEqual(self.interrupts(here),
                                 ["2", "200000"] if "--busy-poll" in datapath else ["0", "0"])
                self.assertTrue(self.pins(here))
                self.assertEqual(here.ping(3, interval=0.05), 3)
                engine.signal(signal.SIGHUP)
                engine.wait_for("is at work")
                os.rename(self.path("events/eve.json"), self.path("events/old"))
                self.ctl(here, "reopen")
                self.ctl(here, "set-action", "other=forward")
                self.assertEqual(here.ping(3, interval=0.05), 3)
                self.check_threads(engine, datapath)
                self.assertNotIn("warning: --user", engine.stderr())
                self.assertIn("afxdp_packets_total",
                              here.run("eng", "curl", "-sS", "http://127.0.0.1:9464/metrics").stdout)
                self.check_end(here, engine)
                if "afxdp" in datapath:
                    self.assertGreater(engine.report()["written"]["written"], 0)
                for name in ("old", "eve.json"):
                    lines = pathlib.Path(self.path("events"), name).read_text().splitlines()
                    self.assertTrue([json.loads(line) for line in lines], name)
                    self.assertEqual(os.stat(self.path(f"events/{name}")).st_uid, self.who.pw_uid)

    def test_what_a_user_pinned_is_that_users(self):
        here = self.lab("--two-ports")
        self.start(here, ("afxdp",)).kill()
        status, said = here.refused("--iface", "eng0", "--bridge", "eng1")
        self.assertEqual(status, 2)
        self.assertIn("--user", said)
        self.assertEqual(here.ping(3, interval=0.05), 3)
        self.check_end(here, self.start(here, ("afxdp",)))

    def test_a_user_goes_on_where_root_was_killed(self):
        here = self.lab("--two-ports")
        here.engine("--iface", "eng0", "--bridge", "eng1").kill()
        engine = self.start(here, ("afxdp",))
        self.assertEqual(here.ping(3, interval=0.05), 3)
        self.check_end(here, engine)

    def test_a_model_that_it_cannot_read_again(self):
        here = self.lab()
        os.chmod(self.model("forward"), 0o600)
        engine = here.engine("--iface", "eng0", "--user", USER, model=self.path("forward.q8"))
        engine.wait_for("can't be read by that user")
        engine.signal(signal.SIGHUP)
        engine.wait_for("the model at work stays")
        engine.stop()


if __name__ == "__main__":
    lab.main()
