#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What an engine changes of an interface is put back by the next clean end, though the engine itself
was killed. AFXDP_SEED and AFXDP_KILLS (20) choose the moments of kills within a start."""

import os
import random
import re
import signal
import subprocess
import time

import lab

RUN = "/run/afxdp-engine"
SINGLE = ("--iface", "eng0")
BRIDGE = ("--iface", "eng0", "--bridge", "eng1")
KERNEL = ("--datapath", "kernel")
POLLED = ("--busy-poll", "64")
TWO = ("--queues", "2", "--set-channels")
FILES = ("napi_defer_hard_irqs", "gro_flush_timeout")


class Settings(lab.Test):
    def lab(self, *options):
        """Each setting is one that an engine changes, and none the value that it began with."""
        here = super().lab("--queues", "4", *options)
        ports = ("eng0", "eng1") if "--two-ports" in options else ("eng0",)
        for port, peer, place in zip(ports, ("gen0", "sink0"), ("gen", "sink")):
            here.run(place, "ethtool", "-L", peer, "tx", "2")  # a veth has queues for its peer's
            here.run("eng", "ethtool", "-L", port, "rx", "4", "tx", "3")
            here.run("eng", "ethtool", "-K", port, "rxvlan", "on")
            self.polling(here, port, "1", "1000")
        return here

    def polling(self, here, port, *values):
        """The files in a /sys of the engine's network namespace, written first where asked."""
        script = "".join(f"echo {value} >/sys/class/net/{port}/{file} && "
                         for value, file in zip(values, FILES))
        script += " && ".join(f"cat /sys/class/net/{port}/{file}" for file in FILES)
        done = subprocess.run(["ip", "netns", "exec", f"{here.name}-eng", "sh", "-c", script],
                              capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.split()

    def state(self, here, port="eng0"):
        said = {word: here.run("eng", "ethtool", word, port).stdout for word in ("-k", "-l")}
        link = here.run("eng", "ip", "-d", "link", "show", port).stdout
        said["promiscuous"] = ("PROMISC" in link.split("\n", 1)[0],
                               re.search(r"promiscuity (\d+)", link).group(1))
        said["polling"] = self.polling(here, port)
        said["program"] = here.attached(port)
        return said

    def kept(self, here):
        """What is left of this lab in the run folder."""
        space = os.stat(f"/run/netns/{here.name}-eng").st_ino
        return [name for name in os.listdir(RUN) if name.startswith(f"{space}-")]

    def text(self, here):
        """What is to be put back, by interface."""
        found = {}
        for name in self.kept(here):
            if name.endswith(".settings"):
                with open(os.path.join(RUN, name), encoding="ascii") as file:
                    found[name] = file.read()
        return found

    def check_clean(self, here, *expected):
        self.assertEqual(self.kept(here), [])
        for port, state in zip(("eng0", "eng1"), expected):
            self.assertEqual(self.state(here, port), state, port)

    def end(self, here, *options):
        engine = here.engine(*options)
        engine.stop()
        self.assertNotIn("put back", engine.stderr())

    def check_kill(self, options, changes, *labs):
        """Killed, then ended by one that changes nothing of its own."""
        here = self.lab(*labs)
        ports = ("eng0", "eng1")[:1 + ("--two-ports" in labs)]
        before = [self.state(here, port) for port in ports]
        here.engine(*options, *changes).kill()
        for port, state in zip(ports, before):
            changed = self.state(here, port)
            different = [word for word in ("-k", "-l", "promiscuous", "polling")
                         if changed[word] != state[word]]
            self.assertEqual(len(different), 3 + (changes[:2] == POLLED), different)
        self.end(here, *options, "--no-promiscuous", "--queues", "2")
        self.check_clean(here, *before)

    def test_kill_afxdp(self):
        self.check_kill(SINGLE, POLLED + TWO)

    def test_kill_afxdp_bridge(self):
        self.check_kill(BRIDGE, POLLED + TWO, "--two-ports")

    def test_kill_kernel(self):
        self.check_kill(SINGLE + KERNEL, TWO)

    def test_kill_kernel_bridge(self):
        self.check_kill(BRIDGE + KERNEL, TWO, "--two-ports")

    def test_kill_again_and_again(self):
        """Each with other options: what was before the first comes back."""
        here = self.lab("--two-ports")
        before = [self.state(here, port) for port in ("eng0", "eng1")]
        for options in (SINGLE + TWO, BRIDGE + KERNEL + ("--queues", "3", "--set-channels"),
                        SINGLE + POLLED + ("--queues", "3"), BRIDGE + ("--queues", "3")):
            here.engine(*options).kill()
        self.end(here, *SINGLE, *KERNEL)
        self.assertEqual(self.state(here), before[0])
        self.assertNotEqual(self.state(here, "eng1"), before[1])
        self.end(here, "--iface", "eng1")
        self.check_clean(here, *before)

    def test_failed_start_after_a_kill(self):
        """It leaves what it found, and what is to be put back."""
        here = self.lab()
        before = self.state(here)
        here.engine(*SINGLE, *TWO).kill()
        left = self.state(here), self.text(here)
        for start in (("--queues", "3", "--set-channels", "--mode", "zerocopy", *POLLED),
                      ("--queues", "9")):
            status, said = here.refused(*SINGLE, *start)
            self.assertEqual(status, 2, said)
            self.assertEqual((self.state(here), self.text(here)), left)
        self.end(here, *SINGLE, "--queues", "2")
        self.check_clean(here, before)

    def test_failed_start(self):
        here = self.lab()
        before = self.state(here)
        status, said = here.refused(*SINGLE, *TWO, *POLLED, "--mode", "zerocopy")
        self.assertEqual(status, 2, said)
        self.check_clean(here, before)

    def test_leave_open(self):
        """What the wire needs stays, until the next clean end."""
        here = self.lab("--two-ports")
        before = [self.state(here, port) for port in ("eng0", "eng1")]
        self.end(here, *BRIDGE, *TWO, "--leave-open")
        self.assertTrue(self.state(here)["promiscuous"][0])
        self.end(here, *BRIDGE, "--queues", "2")
        self.check_clean(here, *before)

    def test_what_somebody_changed_since_stays(self):
        here = self.lab()
        here.engine(*SINGLE, *TWO, *POLLED).kill()
        here.run("eng", "ethtool", "-L", "eng0", "rx", "3", "tx", "3")
        here.run("eng", "ethtool", "-K", "eng0", "rxvlan", "on")
        here.run("eng", "ip", "link", "set", "eng0", "promisc", "off")
        self.polling(here, "eng0", "7", "7000")
        before = self.state(here)
        self.end(here, *SINGLE)
        self.check_clean(here, before)

    def test_what_somebody_changes_meanwhile_stays(self):
        here = self.lab()
        engine = here.engine(*SINGLE, *TWO)
        here.run("eng", "ethtool", "-L", "eng0", "rx", "3", "tx", "3")
        before = self.state(here)["-l"]
        engine.stop()
        self.assertEqual(self.state(here)["-l"], before)
        self.assertEqual(self.kept(here), [])

    def test_another_interface_of_the_same_name(self):
        """Even with the same number and address."""
        here = self.lab()
        here.engine(*SINGLE, "--queues", "4").kill()
        link = here.run("eng", "ip", "link", "show", "eng0").stdout
        index, address = re.match(r"(\d+): .*link/ether (\S+)", link, re.S).groups()
        here.run("eng", "ip", "link", "del", "eng0")
        here.run("eng", "ip", "link", "add", "eng0", "index", index, "address", address, "numrxqueues",
                 "4", "numtxqueues", "4", "type", "veth", "peer", "name", "peer0")
        for port in ("eng0", "peer0"):
            here.run("eng", "ip", "link", "set", port, "up", "promisc", "on")
        here.run("eng", "ethtool", "-K", "eng0", "rxvlan", "off")
        before = self.state(here)
        self.end(here, *SINGLE)
        self.check_clean(here, before)

    def test_interface_is_gone(self):
        here = self.lab("--two-ports")
        here.engine(*SINGLE, "--queues", "4").kill()
        self.assertNotEqual(self.kept(here), [])
        here.run("eng", "ip", "link", "del", "eng0")
        self.end(here, "--iface", "eng1", "--queues", "4")
        self.assertEqual(self.kept(here), [])

    def test_unusable_files(self):
        """One line of warning, and the engine's own changes are put back as ever. An empty file says
        that nothing is to be put back, as an engine of another user leaves it."""
        here = self.lab()
        here.engine(*SINGLE, "--queues", "4").kill()
        name, = [name for name in self.kept(here) if name.endswith(".settings")]
        path = os.path.join(RUN, name)
        with open(path, encoding="ascii") as file:
            whole = file.read()
        here.run("eng", "ip", "link", "set", "eng0", "promisc", "off")
        here.run("eng", "ethtool", "-K", "eng0", "rxvlan", "on")
        before = self.state(here)
        elsewhere = self.path("elsewhere")
        with open(elsewhere, "w", encoding="ascii") as file:
            file.write(whole)

        def text(content):
            def write():
                with open(path, "wb") as file:
                    file.write(content)
            return write

        def writable():
            text(whole.encode())()
            os.chmod(path, 0o666)

        for way, says in (
                (text(b"x\n"), "line 1 isn't what an engine writes"),
                (text(b"\0" * 100), "isn't text"),
                (text(whole.encode() + b"mtu 1500 9000\n"), "line 5 isn't"),
                (text(whole[:-1].encode()), "line 4 isn't"),
                (text(b"x" * 200000), "200000 bytes"),
                (writable, "mode 666"),
                (lambda: os.symlink(elsewhere, path), "no plain file"),
                (lambda: os.mkfifo(path), "isn't ours"),
                (lambda: os.link(elsewhere, path), "isn't ours")):
            if os.path.lexists(path):
                os.unlink(path)
            way()
            with self.subTest(says):
                engine = here.engine(*SINGLE)
                lines = [line for line in engine.stderr().splitlines() if "not put back" in line]
                self.assertEqual(len(lines), 1, engine.stderr())
                self.assertIn("warning: eng0: ", lines[0])
                self.assertIn(path, lines[0])
                self.assertIn(says, lines[0])
                engine.stop()
                self.check_clean(here, before)
        text(b"")()
        engine = here.engine(*SINGLE)
        self.assertNotIn("not put back", engine.stderr())
        engine.stop()
        self.check_clean(here, before)

    def test_full_run_folder(self):
        """Nothing is changed that couldn't be put back."""
        here = self.lab()
        before = self.state(here)
        script = f"mount -t tmpfs -o size=4k,mode=700 none {RUN} && exec \"$@\""
        status, said = here.refused(*SINGLE, prefix=("unshare", "-m", "sh", "-c", script, "sh"))
        self.assertEqual(status, 2, said)
        self.assertIn(f"eng0: what is to be put back can't be kept in {RUN}: No space left", said)
        self.assertEqual(self.state(here), before)

    def test_kill_at_any_moment(self):
        """Of a start, also over what the last one left, or of an end."""
        seed = int(os.environ.get("AFXDP_SEED", random.randrange(1 << 32)))
        kills = int(os.environ.get("AFXDP_KILLS", "20"))
        print(f"AFXDP_SEED={seed}", flush=True)
        draw = random.Random(seed)
        here = self.lab("--two-ports")
        before = [self.state(here, port) for port in ("eng0", "eng1")]
        starts = [SINGLE, SINGLE + POLLED, SINGLE + KERNEL, BRIDGE, BRIDGE + KERNEL]
        began = time.monotonic()
        engine = here.engine(*BRIDGE, *TWO)
        start = time.monotonic() - began
        engine.stop()
        end = time.monotonic() - began - start
        for i in range(kills):
            ends = draw.random() < 0.25
            engine = here.engine(*draw.choice(starts), *TWO, wait=ends)
            if ends:
                engine.signal(signal.SIGTERM)
            time.sleep(draw.uniform(0, end if ends else start))
            engine.kill()
            if i % 5 == 4:
                self.end(here, *BRIDGE, *TWO)
                self.check_clean(here, *before)
        print(f"{kills} kills within {start:.3f} s of a start or {end:.3f} s of an end")


if __name__ == "__main__":
    lab.main()
