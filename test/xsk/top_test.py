#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-engine top: on a terminal of its own, and for a pipe."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import lab

DT = os.path.join(lab.ROOT, "models", "dt.q8")
LEAVE = "\033[?25h\033[?1049l"


class Screen:
    """A terminal with `top` in it."""

    def __init__(self, here, rows=24, columns=80):
        self.terminal, self.inner = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.inner)
        self.process = here.start("eng", lab.ENGINE, "top", stdin=self.inner, stdout=self.inner,
                                  stderr=self.inner, start_new_session=True,
                                  preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                  env=dict(os.environ, LC_ALL="C.UTF-8"))
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                self.text += os.read(self.terminal, 1 << 16).decode()

    def until(self, pattern, seconds=10):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, (pattern, self.text)
            self.read(0.05)

    def press(self, keys):
        os.write(self.terminal, keys)

    def frames(self):
        """Whole screens so far, each as lines without colours."""
        return [re.sub(r"\033\[\d*[mK]", "", frame.split("\033[J")[0]).split("\r\n")
                for frame in self.text.split("\033[H")[1:] if "\033[J" in frame]

    def end(self):
        end = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        self.read(0.1)
        return self.process.wait(timeout=1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)
        os.close(self.inner)


class Top(lab.Test):
    def screen(self, here, **size):
        screen = Screen(here, **size)
        self.addCleanup(screen.close)
        return screen

    def check_restored(self, screen):
        self.assertIn(LEAVE, screen.text)
        self.assertEqual(termios.tcgetattr(screen.inner), screen.before)

    def test_on_a_terminal(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--eve", "/dev/null", model=DT)
        screen = self.screen(here)
        screen.until("packets  0/s")
        here.generate("--count", "20000", "--flows", "20", "--rate", "10000")
        screen.until(r"packets  [1-9]\d+/s")
        screen.until("█")
        screen.read(1.2)
        self.assertIn("\033[1m", screen.text)
        for frame in screen.frames():
            self.assertLessEqual(len(frame), 24)
            self.assertLessEqual(max(map(len, frame)), 80, frame)
        shown = "\n".join(screen.frames()[-1])
        for wanted in ("afxdp-engine eng0  afxdp, copy mode  up 0:00:", "dt.q8 (dt, ", "  benign  ",
                       "  eng0 0  ", "  eng1 0  ", "/s lost (0 in all)", "flows, 20 in all",
                       "hosts that began most flows"):
            self.assertIn(wanted, shown)
        screen.text = ""
        screen.resize(10, 40)
        screen.until("\033\\[J", 0.8) # at once, not with the next look
        screen.read(1.2)
        for frame in screen.frames():
            self.assertEqual(len(frame), 10)
            self.assertLessEqual(max(map(len, frame)), 40)
        screen.press(b"q")
        self.assertEqual(screen.end(), 0)
        self.check_restored(screen)
        engine.stop()

    def test_it_ends_with_a_signal_and_with_its_engine(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--datapath", "kernel", model=DT)
        for end in (lambda screen: screen.press(b"\x03"),
                    lambda screen: screen.process.send_signal(signal.SIGTERM),
                    lambda screen: engine.kill()):
            screen = self.screen(here)
            screen.until("hosts that began most flows")
            end(screen)
            self.assertEqual(screen.end(), 0)
            self.check_restored(screen)
        self.assertTrue(screen.text.rstrip().endswith("the engine has ended"), screen.text[-200:])

    def test_for_a_pipe(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", model=DT)
        sender = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", "12000", "--rate", "3000",
                            stdout=subprocess.DEVNULL)
        self.addCleanup(sender.wait)
        time.sleep(0.3)
        done = here.run("eng", lab.ENGINE, "top", "-i", "eng0", "--batch", "-n", "2")
        self.assertNotIn("\033", done.stdout)
        looks = done.stdout.strip().split("\n\n")
        self.assertEqual(len(looks), 2, done.stdout)
        for look in looks:
            rate = float(re.search(r"packets  (\d+)/s", look)[1])
            self.assertAlmostEqual(rate, 3000, delta=1500)
            of_classes = [float(value) for value in re.findall(r"^  \w+ +(\d+)/s +[\d.]+ %", look, re.M)]
            self.assertAlmostEqual(sum(of_classes), rate, delta=10)
        self.assertEqual(sender.wait(), 0)
        engine.stop()

    def test_what_it_refuses(self):
        here = self.lab()
        for words, status, said in (((), 1, "no engine runs"), (("--count", "0"), 2, "--count")):
            done = here.run("eng", lab.ENGINE, "top", "--batch", *words, check=False)
            self.assertEqual(done.returncode, status)
            self.assertIn(said, done.stderr)
        engine = here.engine("--iface", "eng0")
        done = here.run("eng", lab.ENGINE, "top", check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "afxdp-engine top: this is no terminal: --batch prints for a pipe\n"))
        engine.stop()


if __name__ == "__main__":
    lab.main()
