#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--datapath kernel in the lab: the same options and report as over AF_XDP, actions, every way out,
verdicts, replacing the model, and every kind of end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))
import lab  # noqa: E402

NN = os.path.join(lab.ROOT, "models", "nn1.q8")
DT = os.path.join(lab.ROOT, "models", "dt1.q8")
KERNEL = ("--datapath", "kernel")


def possible_cpus():
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as file:
        return int(re.split("[-,]", file.read())[-1]) + 1


def ends_of(row):
    """Of a row of --verdicts: the queue and the addresses, ports and protocol."""
    columns = row.strip().split(",")
    return columns[4], columns[6:]


class SinglePort(lab.Test):
    def replay(self, here, *options, model, rate="10000", settle=0.2, generate=()):
        """The report of an engine that sees the shipped capture, and how much was sent. From one
        core: each has a flow table of its own."""
        engine = here.engine("--iface", "eng0", *options, model=model)
        sent = here.generate("--pcap", lab.MIXED, "--rate", rate, "--cpu", "0",
                             *generate)
        time.sleep(settle)
        return engine.stop(), sent["sent"], engine

    def test_same_report(self):
        """Whatever the form, and over AF_XDP: the same members, and the same counts but for what
        arrival times change."""
        here = self.lab()
        reports = {}
        rings = ("--ring-rx", "16384", "--ring-fill", "32768")  # for a busy machine
        for name, options, model in (("afxdp", rings, NN),
                                     ("single", KERNEL, NN),
                                     ("loops", (*KERNEL, "--kernel-form", "loops"), NN),
                                     ("tailcall", (*KERNEL, "--kernel-form", "tailcall"), NN),
                                     ("tree", KERNEL, DT),
                                     ("none", KERNEL, "none")):
            report, sent, _ = self.replay(here, "--action", "other=drop", *options, model=model,
                                          rate="5000", settle=0.5)
            self.assertEqual(report["packets"], sent, name)
            reports[name] = report
            if model != "none":
                self.assertEqual(report["model"]["variant"] if name != "afxdp" else name, name)
        kernel, user = reports["single"], reports["afxdp"]
        self.assertLessEqual(set(user) - {"frame_size"}, set(kernel))
        for member in ("flows", "other", "malformed", "bytes", "evictions"):
            for name, report in reports.items():
                self.assertEqual(report[member], user[member], (name, member))
        self.assertEqual(kernel["endings"]["passed"], sent - kernel["other"])
        self.assertEqual(kernel["endings"]["dropped"], kernel["other"])
        self.assertEqual(kernel["mode"], "native")

    def test_flows_asked_for(self):
        """The default gives way where memory is short; the same number, asked for, doesn't, and is
        refused where it doesn't fit."""
        here = self.lab()
        short = self.path("meminfo")
        tables = possible_cpus() * 144 << 10
        asked = self.path("asked.conf")
        with open(asked, "w", encoding="ascii") as file:
            file.write("flows = 1048576\n")
        command = here.command("eng", "unshare", "-m", "sh", "-c",
                               f'mount --bind {short} /proc/meminfo && exec "$@"', "sh", lab.ENGINE,
                               "--json", "--iface", "eng0", "--model", "none", *KERNEL)

        def engine(available, *options):
            with open(short, "w", encoding="ascii") as file:
                file.write(f"MemAvailable: {available} kB\n")
            engine = lab.Engine([*command, *options])
            self.addCleanup(engine.close)
            return engine

        for options, whole in (((), False), (("--flows", "1048576"), True),
                               (("--config", asked), True)):
            with self.subTest(options=options):
                running = engine(2 * tables, *options)
                said = running.wait_for(": running").stderr()
                self.assertEqual("to leave memory to others" in said, not whole, said)
                self.assertEqual("1048576 flows a CPU" in said, whole, said)
                running.stop()
        refused = engine(tables, "--flows", "1048576")
        self.assertEqual(refused.end(), 2)
        self.assertRegex(refused.stderr(), r"need \d+ MiB .* MemAvailable .* lower --flows")

    def test_actions(self):
        """A class that is to be dropped is, and all else reaches the host."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", *KERNEL, "--action", "benign=drop",
                             "--min-confidence", "1000", model=NN)
        here.ping(3, wait=1)
        report = engine.stop()
        self.assertEqual(report["classes"]["benign"], report["actions"]["drop"])
        self.assertEqual(report["endings"]["dropped"], report["actions"]["drop"])
        engine = here.engine("--iface", "eng0", *KERNEL, "--action", "unclassified=drop")
        self.assertEqual(here.ping(2), 0)
        self.assertEqual(engine.stop()["endings"]["dropped"], 2)
        engine = here.engine("--iface", "eng0", *KERNEL, "--action", "unclassified=drop",
                             "--bypass", "icmp")
        self.assertEqual(here.ping(2), 2, "never touched")
        report = engine.stop()
        self.assertEqual(report["packets"], 0)
        self.assertEqual(report["queues"][0]["xdp_bypassed"], 2)

    def test_eviction(self):
        here = self.lab()
        report, _, _ = self.replay(here, *KERNEL, "--flows", "8", model=NN)
        self.assertGreater(report["evictions"], 100)

    def test_verdicts(self):
        """One row per packet, with the counts of the report and the ends that a capture's rows have.
        """
        here = self.lab()
        report, sent, _ = self.replay(here, *KERNEL, "--verdicts", self.path("v.csv"), model=NN,
                                      generate=("--record", self.path("sent.pcap")))
        with open(self.path("v.csv")) as file:
            rows = file.read().splitlines()
        subprocess.run([lab.ENGINE, "--pcap", self.path("sent.pcap"), "--model", NN,
                        "--verdicts", self.path("file.csv")], check=True, stdout=subprocess.DEVNULL, timeout=60)
        with open(self.path("file.csv")) as file:
            self.assertEqual([ends_of(row) for row in rows], [ends_of(row) for row in file])
        self.assertEqual(len(rows), sent + 1)
        self.assertEqual([row.split(",")[0] for row in rows[1:]], [str(i) for i in range(sent)])
        for name, count in report["classes"].items():
            self.assertEqual(sum(row.split(",")[1] == name for row in rows[1:]), count, name)

    def test_frames_of_several_buffers(self):
        here = self.lab("--mtu", "9000")
        engine = here.engine("--iface", "eng0", *KERNEL, "--kernel-form", "tailcall", model=NN)
        self.assertIn("several buffers", engine.stderr())
        self.assertEqual(here.run("gen", "ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-s",
                                  "8000", "10.77.0.2", check=False).returncode, 0)
        report = engine.stop()
        self.assertTrue(report["multi_buffer"])
        self.assertEqual(report["malformed"], 0)
        self.assertEqual(report["bytes"], 2 * (8000 + 8 + 20 + 14))

    def test_several_queues(self):
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0", "--queues", "2", *KERNEL, model=DT)
        here.generate("--count", "4000", "--flows", "64", "--rate", "20000")
        time.sleep(0.2)
        report = engine.stop()
        self.assertEqual(report["packets"], 4000)
        self.assertEqual([queue["received"] > 0 for queue in report["queues"]], [True, True])

    def test_replace(self):
        """SIGHUP puts the file's new content in; a file that is wrong changes nothing."""
        here = self.lab()
        path = self.path("model.q8")
        shutil.copy(NN, path)
        engine = here.engine("--iface", "eng0", *KERNEL, model=path)
        before = engine.stderr()
        here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")
        shutil.copy(DT, path)
        engine.signal(signal.SIGHUP)
        engine.wait_for("is at work")
        here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")
        with open(path, "wb") as file:
            file.write(b"no model")
        engine.signal(signal.SIGHUP)
        engine.wait_for("the model at work stays")
        sent = here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")["sent"]
        time.sleep(0.2)
        report = engine.stop()
        self.assertNotIn("is at work", before)
        self.assertEqual(report["model"]["variant"], "tree")
        self.assertEqual(report["packets"], 3 * sent)
        self.assertLess(report["flows"], 2 * 1300, "flows survive")

    def test_hosts(self):
        """Feature set 2: the same counts as over AF_XDP whatever the memory's size, and a memory
        that outlives its model."""
        here = self.lab()
        path, scanner = self.path("model.q8"), self.model("scanner")
        attacks = []
        for hosts in ("65536:1", "1024:2"):
            options = ("--flow-seed", "3", "--hosts", hosts, "--action", "other=drop")
            rings = ("--ring-rx", "16384", "--ring-fill", "32768")
            reports = [self.replay(here, *options, *more, model=scanner, rate="5000", settle=0.5)
                       for more in (rings, KERNEL)]
            for report, sent, _ in reports:
                self.assertEqual(report["packets"], sent)
            user, kernel = (report for report, _, _ in reports)
            for member in ("classes", "flows", "hosts_left_out"):
                self.assertEqual(kernel[member], user[member], (hosts, member))
            attacks.append(kernel["classes"]["attack"])
        self.assertGreater(min(attacks), 0)
        shutil.copy(scanner, path)
        engine = here.engine("--iface", "eng0", *KERNEL, model=path)
        for _ in range(2):
            here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")
            engine.signal(signal.SIGHUP)
            engine.wait_for("is at work")
        shutil.copy(DT, path)
        engine.signal(signal.SIGHUP)
        engine.wait_for("the model at work stays")
        self.assertGreater(engine.stop()["classes"]["attack"], 2 * attacks[0], "not forgotten")

    def test_hosts_on_old_kernels(self):
        """Before compare-and-swap there was, one line says what is missing; set 1 doesn't need it."""
        here = self.lab()
        old = ("setarch", "--uname-2.6")
        status, said = here.refused("--iface", "eng0", *KERNEL, model=self.model("scanner"),
                                    prefix=old)
        self.assertEqual(status, 2, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertIn("Linux 5.12", said)
        here.engine("--iface", "eng0", *KERNEL, model=DT, prefix=old).stop()

    def test_replacement_fails_for_want_of_descriptors(self):
        """However many there are: the message says so, and the engine goes on and replaces again."""
        here = self.lab()
        path = self.path("model.q8")
        shutil.copy(NN, path)
        engine = here.engine("--iface", "eng0", *KERNEL, model=path)
        pid = engine.process.pid
        had = len(os.listdir(f"/proc/{pid}/fd"))
        said = failed = 0
        for limit in (*range(had + 2, had + 26, 3), 1024):
            subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={limit}:"], check=True)
            shutil.copy(DT if said % 2 else NN, path)
            engine.signal(signal.SIGHUP)
            self.until(lambda: engine.stderr().count("at work") > said, what="an answer")
            said += 1
            failed = engine.stderr().count("the model at work stays")
        self.assertGreater(failed, 2)
        self.assertLess(failed, said, "with descriptors it succeeds")
        sent = here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")["sent"]
        time.sleep(0.2)
        self.assertEqual(engine.stop()["packets"], sent)

    def test_kill(self):
        """Killed, the model and the program are gone and traffic goes on."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", *KERNEL, "--action", "unclassified=drop")
        self.assertEqual(here.ping(), 0)
        engine.kill()
        self.until(lambda: here.attached() is None, what="detaching")
        self.assertEqual(here.ping(2), 2)

    def test_kill_fail_closed(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", *KERNEL, "--fail-closed")
        self.assertEqual(here.ping(), 1)
        engine.kill()
        self.assertIsNotNone(here.attached())
        self.assertEqual(here.ping(), 0)
        engine = here.engine("--iface", "eng0", *KERNEL)
        self.assertIn("took over", engine.stderr())
        engine.stop()
        self.assertIsNone(here.attached())
        self.assertEqual(here.ping(), 1)

    def test_refusals(self):
        here = self.lab()
        for options, text in (
                (("--mode", "zerocopy"), "there is no socket"),
                (("--timestamps", "burst"), "--timestamps"),
                (("--kernel-form", "single"), "for networks"),
                (("--flows", str(2**25 // possible_cpus())), "less than 4 GiB")):
            status, said = here.refused("--iface", "eng0", *KERNEL, *options, model=DT)
            self.assertEqual(status, 2, said)
            self.assertIn(text, said)
            self.assertIsNone(here.attached())
        done = subprocess.run([lab.ENGINE, "--pcap", lab.MIXED, "--model", NN, *KERNEL],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 2)

    def test_without_perfmon(self):
        """The message names the capability that is missing, whatever the model; with it all is well."""
        here = self.lab()
        least = ("setpriv", "--bounding-set=-all,+net_admin,+bpf,+setpcap", "--inh-caps=-all")
        for model in ("none", NN, DT):
            status, said = here.refused("--iface", "eng0", *KERNEL, model=model, prefix=least)
            self.assertEqual(status, 2, said)
            self.assertEqual(len(said.splitlines()), 1, said)
            self.assertIn("needs CAP_PERFMON", said)
        least = ("setpriv", "--bounding-set=-all,+net_admin,+bpf,+perfmon,+setpcap",
                 "--inh-caps=-all")
        here.engine("--iface", "eng0", *KERNEL, model=NN, prefix=least).stop()

    def test_generic_mode(self):
        here = self.lab()
        report, sent, _ = self.replay(here, *KERNEL, "--mode", "skb", model=NN)
        self.assertEqual(report["packets"], sent)
        self.assertEqual(report["mode"], "skb")


class TwoPorts(lab.Test):
    def test_bridge(self):
        """Both directions cross, one flow table judges them, and without the engine they go on."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", *KERNEL, model=NN)
        self.assertEqual(here.ping(5, cpu=0), 5)  # each CPU has a flow table of its own
        report = here.engines[0].stop()
        self.assertEqual(report["endings"]["forwarded"], 10)
        self.assertEqual(report["flows"], 1)
        by_port = {queue["interface"]: queue["received"] for queue in report["queues"]}
        self.assertEqual(by_port, {"eng0": 5, "eng1": 5})
        self.assertIsNone(here.attached())
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", *KERNEL, "--action",
                             "unclassified=drop")
        self.assertEqual(here.ping(), 0)
        engine.kill()
        time.sleep(0.1)  # the kernel clears the program's place in its own time: kills_test
        self.assertEqual(here.ping(3), 3, "open means crossing")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", *KERNEL, model=DT)
        self.assertIn("took over", engine.stderr())
        self.assertEqual(here.ping(3), 3)
        engine.stop()
        self.assertIsNone(here.attached())

    def test_forward(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--forward", "eng1", *KERNEL, model=NN)
        sent = here.generate("--count", "1000", "--rate", "10000")["sent"]
        time.sleep(0.2)
        report = engine.stop()
        self.assertEqual(report["endings"]["forwarded"], sent)

    def test_hairpin(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--hairpin", *KERNEL, model=NN)
        sent = here.generate("--count", "1000", "--rate", "10000")["sent"]
        time.sleep(0.2)
        self.assertEqual(engine.stop()["endings"]["forwarded"], sent)


if __name__ == "__main__":
    lab.main()
