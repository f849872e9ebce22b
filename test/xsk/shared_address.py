# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts behind one address, as a NAT makes it: one browses, one scans."""

import subprocess

ADDRESS = "10.77.0.1"
ONE_CPU = ("taskset", "-c", "0")  # inside the kernel both directions have to come in on one
SERVE = """
import socket
server = socket.create_server(("", 80))
print(flush=True)
while True:
    server.accept()[0].close()
"""
BROWSE = """
import socket
socket.create_connection(("10.77.0.2", 80), timeout=1).recv(1)
"""
SCAN = """
import socket
for port in range(2000, 2060):
    with socket.socket() as probe:
        probe.settimeout(0.02)
        probe.connect_ex(("10.77.0.2", port))
"""


class SharedAddress:
    """Such a pair behind the generator's address, and a server behind the other port."""

    def __init__(self, here):
        self.here = here
        self.server = here.start("sink", *ONE_CPU, "/usr/bin/python3", "-c", SERVE,
                                 stdout=subprocess.PIPE)
        self.server.stdout.readline()

    def python(self, script):
        return self.here.run("gen", *ONE_CPU, "/usr/bin/python3", "-c", script,
                             check=False).returncode

    def browse(self):
        """Whether the one that browses gets an answer."""
        return self.python(BROWSE) == 0

    def scan(self):
        assert self.python(SCAN) == 0

    def close(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()
