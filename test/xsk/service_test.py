#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a service manager hears of an engine's life, on a notify socket of the test's own."""

import os
import signal
import socket
import time

import lab


class Manager:
    """The other end of NOTIFY_SOCKET, and the environment that names it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.prefix = ("env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=400000")

    def hears(self, wanted, seconds=30):
        """Waits for a message that begins so; the beats before it."""
        beats, end = 0, time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            message = self.socket.recv(4096).decode()
            if message.startswith(wanted):
                return beats
            assert message == "WATCHDOG=1", (message, wanted)
            beats += 1

    def pending(self):
        self.socket.setblocking(False)
        messages = []
        try:
            while True:
                messages.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return messages


class Service(lab.Test):
    def manager(self):
        manager = Manager(self.path("notify"))
        self.addCleanup(manager.socket.close)
        return manager

    def test_ready_beats_reloads_stops(self):
        for datapath in ((), ("--datapath", "kernel")):
            with self.subTest(datapath=datapath):
                here, manager = self.lab(), self.manager()
                begin = time.monotonic()
                engine = here.engine("--iface", "eng0", *datapath, model=self.model("forward"),
                                     wait=False, prefix=manager.prefix)
                self.assertEqual(manager.hears("READY=1"), 0)
                self.assertIsNotNone(here.attached())
                time.sleep(1)
                beats = manager.pending()
                self.assertGreaterEqual(len(beats), 2)
                self.assertEqual(set(beats), {"WATCHDOG=1"})
                # 200 ms apart at least, whenever they are read
                self.assertLessEqual(len(beats), 1 + (time.monotonic() - begin) / 0.2)
                engine.signal(signal.SIGHUP)
                manager.hears("RELOADING=1\nMONOTONIC_USEC=")
                manager.hears("READY=1")
                engine.stop()
                manager.hears("STOPPING=1")
                self.assertEqual(manager.pending(), [])
                os.unlink(self.path("notify"))

    def test_a_start_that_fails_is_never_ready(self):
        here, manager = self.lab(), self.manager()
        status, _ = here.refused("--iface", "nothing0", prefix=manager.prefix)
        self.assertEqual(status, 2)
        self.assertEqual(manager.pending(), [])

    def test_an_engine_that_hangs_stops_beating(self):
        here, manager = self.lab(), self.manager()
        engine = here.engine("--iface", "eng0", prefix=manager.prefix)
        manager.hears("READY=1")
        engine.signal(signal.SIGSTOP)
        time.sleep(0.1)
        manager.pending()
        time.sleep(0.5)
        self.assertEqual(manager.pending(), [])
        engine.signal(signal.SIGCONT)
        manager.hears("WATCHDOG=1")
        engine.stop()


if __name__ == "__main__":
    lab.main()
