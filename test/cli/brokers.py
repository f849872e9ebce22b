# SPDX-License-Identifier: BSD-2-Clause
"""Brokers that a test starts for itself, on ports that nobody has: Kafka's mock cluster, Debian's Redis."""

import os
import shutil
import signal
import socket
import subprocess
import time

import programs

CLUSTER = os.path.join(os.path.dirname(programs.BIN), "test", "kafka_cluster")
REDIS = shutil.which("redis-server")


class Kafka:
    def __init__(self, test, prefix=()):
        self.process = subprocess.Popen([*prefix, CLUSTER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        self.target = f"kafka:{self.process.stdout.readline().strip()}/events"

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def messages(self, count):
        """[(key, value)], of one key in order."""
        self.tell(f"read {count}")
        found = []
        while (line := self.process.stdout.readline()) not in ("\n", ""):
            found.append(tuple(line.rstrip("\n").split(" ", 1)))
        return found

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class Redis:
    def __init__(self, test, prefix=()):
        self.folder, self.prefix = test.path(""), prefix
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.target = f"redis:127.0.0.1:{self.port}/events"
        self.start()
        test.addCleanup(self.kill)

    def ask(self, *words):
        return subprocess.run([*self.prefix, "redis-cli", "-p", self.port, "--raw", *words],
                              capture_output=True, text=True, check=False, timeout=20).stdout

    def start(self):
        """What it acknowledges it keeps, also when it is killed."""
        self.process = subprocess.Popen(
            [*self.prefix, REDIS, "--bind", "127.0.0.1", "--port", self.port, "--dir", self.folder,
             "--save", "", "--appendonly", "yes", "--appendfsync", "no"],
            stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while self.ask("PING") != "PONG\n":
            assert time.monotonic() < end, "redis-server doesn't answer"
            time.sleep(0.05)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def messages(self):
        return self.ask("XRANGE", "events", "-", "+").splitlines()[2::3]
