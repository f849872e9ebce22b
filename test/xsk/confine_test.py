#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A thread that makes a system call it has no business with ends the engine with a line that names
it, and the wire stays open; one that can't be kept from them doesn't run."""

import os
import re
import signal
import sys
import unittest

import lab

sys.path.append(os.path.join(lab.ROOT, "test", "cli"))
import brokers

THREADS = (("worker", "a worker"), ("writer", "a writer", "--verdicts"),
           ("writer", "the writer of packets", "--write"), ("control", "the control socket's thread"),
           ("metrics", "the thread of --metrics"))
PRELOAD = os.path.join(lab.BUILD, "test", "trespass.so")


def is_sanitized():
    with open(os.path.join(lab.BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(r"^AFXDP_SANITIZE:STRING=.+$", cache.read(), re.M) is not None


class Confine(lab.Test):
    @unittest.skipIf(is_sanitized(), "a sanitizer's runtime calls what it likes: nobody is confined")
    def test_the_wire_stays_open(self):
        here, model = self.lab("--two-ports"), self.model("forward")
        for thread, name, *writes in THREADS:
            with self.subTest(name):
                prefix = ("env", f"LD_PRELOAD={PRELOAD}", f"AFXDP_TRESPASS={thread}")
                options = [word for option in writes for word in (option, self.path("written"))]
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--metrics", "9464",
                                     *options, model=model, prefix=prefix)
                self.assertEqual(here.ping(3, interval=0.05), 3)
                engine.signal(signal.SIGUSR2)
                here.ping(2, interval=0.05) # something to write
                if thread == "metrics":
                    here.run("eng", "curl", "-s", "http://127.0.0.1:9464/metrics", check=False)
                self.assertEqual(engine.end(5), 1)
                self.assertIn(f"afxdp-engine: {name} made the forbidden system call openat, ",
                              engine.stderr())
                self.assertEqual(here.ping(3, interval=0.05), 3)
        engine = here.engine("--iface", "eng0", "--bridge", "eng1") # and all is put back
        engine.stop()
        self.assertIsNone(here.attached())

    @unittest.skipIf(is_sanitized(), "a sanitizer's runtime calls what it likes: nobody is confined")
    def test_a_brokers_library_too(self):
        """Its threads are of its own making."""
        here = self.lab("--two-ports")
        cluster = brokers.Kafka(self, prefix=here.command("eng"))
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--eve", cluster.target,
                             prefix=("env", f"LD_PRELOAD={PRELOAD}", "AFXDP_TRESPASS=broker"))
        for task in os.listdir(f"/proc/{engine.process.pid}/task"):
            with open(f"/proc/{engine.process.pid}/task/{task}/status", encoding="utf-8") as file:
                status = file.read()
            if re.search(r"^Name:\trdk:", status, re.M):
                self.assertRegex(status, r"(?m)^Seccomp:\t2$")
                self.assertRegex(status, r"(?m)^CapEff:\t0+$")
                break
        else:
            self.fail("librdkafka has no thread")
        engine.signal(signal.SIGUSR2)
        cluster.tell("down")
        cluster.tell("up")
        self.assertEqual(engine.end(10), 1)
        self.assertIn("a thread of --eve's broker made the forbidden system call execve, ",
                      engine.stderr())
        self.assertEqual(here.ping(3, interval=0.05), 3)
        here.engine("--iface", "eng0", "--bridge", "eng1").stop()

    @unittest.skipIf(is_sanitized(), "a sanitizer's runtime calls what it likes: nobody is confined")
    def test_what_cannot_be_confined_does_not_run(self):
        """The kernel refuses one thread's filter after the other's: no start that goes on without."""
        here, model = self.lab("--two-ports"), self.model("forward")
        options = ("--iface", "eng0", "--bridge", "eng1", "--metrics", "9464", "--verdicts",
                   self.path("verdicts"), "--write", self.path("written"), "--eve", self.path("eve"),
                   "--blocks", "16", "--state", self.path("state"), "--action", "benign=shunt:8")
        found = set()
        for number in range(1, 20):
            prefix = ("env", f"LD_PRELOAD={PRELOAD}", f"AFXDP_UNCONFINED={number}")
            engine = here.engine(*options, model=model, wait=False, prefix=prefix)
            self.until(lambda: engine.process.poll() is not None or ": running" in engine.stderr(),
                       10, "a start, or its end")
            if ": running" in engine.stderr():
                break
            self.assertEqual(engine.end(5), 2)
            line = re.search(r"cannot confine (.*) to its system calls \(seccomp\): Permission",
                             engine.stderr())
            self.assertTrue(line, engine.stderr())
            found.add(line[1])
            self.assertIsNone(here.attached("eng0"))
            self.assertIsNone(here.attached("eng1"))
        engine.stop()
        self.assertEqual(found, {"a worker", "a writer", "the writer of packets",
                                 "the control socket's thread", "the thread of --metrics",
                                 "the thread of --blocks", "the thread of --shunts",
                                 "the thread of --state"})


if __name__ == "__main__":
    lab.main()
