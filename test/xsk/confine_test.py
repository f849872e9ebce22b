#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A thread that makes a system call it has no business with ends the engine with a line that names
it, and the wire stays open."""

import os
import re
import signal
import unittest

import lab

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


if __name__ == "__main__":
    lab.main()
