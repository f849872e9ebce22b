#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What can go wrong at start: one line that says what, where, why and what to do, status 2, and
nothing left behind."""

import ctypes
import mmap
import os
import socket
import struct

import lab

SOL_XDP, UMEM_REG, FILL_RING, COMPLETION_RING, RX_RING = 283, 4, 5, 6, 2


def without(*capabilities):
    """A command prefix that takes capabilities away."""
    return ("setpriv", "--bounding-set", ",".join("-" + name for name in capabilities))


def take_queue(namespace, interface, queue):
    """An AF_XDP socket that isn't the engine's on a queue."""
    taken, index = lab.inside(namespace, lambda: (socket.socket(44, socket.SOCK_RAW),
                                                  socket.if_nametoindex(interface)))
    memory = mmap.mmap(-1, 64 * 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    taken.setsockopt(SOL_XDP, UMEM_REG, struct.pack("QQIII4x", address, 64 * 4096, 4096, 0, 0))
    for ring in (FILL_RING, COMPLETION_RING, RX_RING):
        taken.setsockopt(SOL_XDP, ring, struct.pack("I", 64))
    where = struct.pack("HHIII", 44, 0, index, queue, 0)
    assert lab.LIBC.bind(taken.fileno(), where, len(where)) == 0, os.strerror(ctypes.get_errno())
    return taken, memory


class Failures(lab.Test):
    def setUp(self):
        super().setUp()
        self.here = self.lab("--queues", "2")

    def refused(self, *options, says, prefix=(), here=None):
        here = here or self.here
        status, said = here.refused(*options, prefix=prefix)
        self.assertEqual(status, 2, said)
        lines = [line for line in said.splitlines() if "warning" not in line]
        self.assertEqual(len(lines), 1, said)
        for text in says:
            self.assertIn(text, lines[0])
        print(lines[0], flush=True)
        self.assertIsNone(here.attached())
        self.assertNotIn("PROMISC", here.run("eng", "ip", "link", "show", "eng0").stdout)

    def test_no_such_interface(self):
        self.refused("--iface", "nope0", says=["nope0: no such interface", "ip link"])

    def test_no_such_other_interface(self):
        self.refused("--iface", "eng0", "--bridge", "nope0", says=["nope0: no such interface"])

    def test_more_queues_than_channels(self):
        self.refused("--iface", "eng0", "--queues", "4",
                     says=["eng0 has 2 queues, not 4", "--queues 2", "--set-channels",
                           "ethtool -L eng0 rx 4"])
        self.refused("--iface", "eng0", "--queues", "4", "--set-channels",
                     says=["eng0: cannot set 4 channels, it can have up to 2"])

    def test_taken_queue(self):
        taken, memory = take_queue(self.here.namespace("eng"), "eng0", 1)
        self.refused("--iface", "eng0", says=["eng0: queue 1 is taken by another AF_XDP socket"])
        taken.close()
        del memory
        self.here.engine("--iface", "eng0").stop()

    def test_zero_copy_on_veth(self):
        self.refused("--iface", "eng0", "--mode", "zerocopy",
                     says=["eng0: queue 0 can't do zero-copy", "--mode auto"])

    def test_mtu_above_the_chunk(self):
        self.here.run("eng", "ip", "link", "set", "eng0", "mtu", "9000")
        self.refused("--iface", "eng0", "--no-multi-buffer",
                     says=["eng0: an MTU of 9000 needs frames of 9022 bytes",
                           "a chunk holds 3840", "ip link set eng0 mtu 3818"])
        self.refused("--iface", "eng0", "--mode", "zerocopy",
                     says=["eng0: queue 0 can't do zero-copy", "a lower MTU may do"])

    def test_no_capability(self):
        self.refused("--iface", "eng0", prefix=without("net_admin"), says=["eng0: ", "CAP_NET_ADMIN"])
        self.refused("--iface", "eng0", prefix=without("bpf", "sys_admin"), says=["CAP_BPF"])
        self.refused("--iface", "eng0", prefix=without("net_raw"), says=["CAP_NET_RAW"])

    def test_unprivileged_user(self):
        self.refused("--iface", "eng0", says=["eng0: ", "CAP_NET_ADMIN"],
                     prefix=("setpriv", "--reuid", "65534", "--clear-groups"))

    def test_least_capabilities(self):
        """What the documents name is enough."""
        names = ("chown", "dac_override", "fowner", "kill", "setuid", "setgid", "sys_admin",
                 "sys_resource", "sys_nice", "sys_ptrace", "sys_module", "sys_rawio", "perfmon")
        self.here.engine("--iface", "eng0", prefix=without(*names)).stop()

    def test_no_bpffs(self):
        two = self.lab("--two-ports")
        nowhere = ("env", f"LIBXDP_BPFFS={self.folder}")
        self.refused("--iface", "eng0", "--bridge", "eng1", here=two, prefix=nowhere,
                     says=["needs a bpffs", f"mount -t bpf bpf {self.folder}"])
        two.engine("--iface", "eng0", prefix=nowhere).stop()  # a single port doesn't need one

    def test_low_memlock(self):
        limit = ("prlimit", "--memlock=65536:65536")
        self.refused("--iface", "eng0", prefix=limit + without("ipc_lock", "sys_resource"),
                     says=["can't be locked", "the limit is 64 KiB", "CAP_IPC_LOCK"])
        # setrlimit refused, and CAP_IPC_LOCK does without
        self.here.engine("--iface", "eng0", prefix=limit + without("sys_resource")).stop()

    def test_rings(self):
        self.refused("--iface", "eng0", "--ring-rx", "1000", says=["1000 (RX)", "power of two"])

    def test_cores(self):
        self.refused("--iface", "eng0", "--cores", "0", says=["--cores 0: 1 core for 2 queues"])
        self.refused("--iface", "eng0", "--cores", "0,1000", says=["may not use core 1000"])

    def test_symmetric_rss(self):
        self.refused("--iface", "eng0", "--symmetric-rss", says=["eng0: ", "veth", "RSS"])

    def test_no_native_xdp(self):
        self.refused("--iface", "lo", says=["lo: ", "native", "--mode skb"])
        report = self.here.engine("--iface", "lo", "--mode", "skb").stop()
        self.assertEqual(report["mode"], "skb")


class Crossing(lab.Test):
    def test_peer_takes_no_redirected_frames(self):
        """A wire that couldn't stay open is refused at once."""
        here = self.lab("--two-ports")
        here.run("gen", "ip", "link", "set", "gen0", "xdp", "off")
        status, said = here.refused("--iface", "eng0", "--bridge", "eng1")
        self.assertEqual(status, 2)
        self.assertIn("eng0 takes no redirected frames", said)
        self.assertIsNone(here.attached("eng0"))


class Choices(lab.Test):
    def test_chooses_the_only_interface(self):
        here = self.lab()
        engine = here.engine()
        self.assertEqual(engine.stop()["interface"], "eng0")

    def test_lists_several(self):
        here = self.lab("--two-ports")
        status, said = here.refused()
        self.assertEqual(status, 2)
        self.assertIn("eng0, eng1; say --iface", said)

    def test_never_the_default_route(self):
        here = self.lab()
        here.run("eng", "ip", "route", "add", "default", "via", "10.77.0.1")
        status, said = here.refused()
        self.assertEqual(status, 2)
        self.assertIn("no interface is up", said)
        engine = here.engine("--iface", "eng0")
        self.assertIn("warning: eng0 carries the default route", engine.stderr())
        engine.stop()

    def test_set_channels(self):
        here = self.lab("--queues", "4")
        # a veth's RX queues must suffice for its peer's TX queues
        here.run("gen", "ethtool", "-L", "gen0", "tx", "2")
        engine = here.engine("--iface", "eng0", "--queues", "2", "--set-channels")
        self.assertRegex(here.run("eng", "ethtool", "-l", "eng0").stdout, r"settings:\nRX:\s+2\n")
        self.assertEqual(len(engine.stop()["queues"]), 2)
        self.assertRegex(here.run("eng", "ethtool", "-l", "eng0").stdout, r"settings:\nRX:\s+4\n")

    def test_fewer_queues_than_channels(self):
        """The rest passes to the host, is counted, and is told before."""
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0", "--queues", "1")
        self.assertIn("queues 1 and up pass", engine.stderr().replace("passes", "pass"))
        sent = here.generate("--count", "2000", "--rate", "20000")
        report = engine.stop()
        self.assertLess(report["packets"], sent["sent"])
        self.assertGreater(report["packets"], 0)

    def test_busy_polling_is_verified(self):
        """On veth the kernel takes the options and never polls: say so, and go on."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--busy-poll", "64")
        here.generate("--count", "1000", "--rate", "20000")
        engine.wait_for("can't be busy-polled", 5)
        here.generate("--count", "1000", "--rate", "20000")
        self.assertEqual(engine.stop()["packets"], 2000)

    def test_fewer_rx_queues_than_the_peer_sends_on(self):
        here = self.lab("--queues", "4")
        status, said = here.refused("--iface", "eng0", "--queues", "2", "--set-channels")
        self.assertEqual(status, 2)
        self.assertIn("as many RX queues as its peer has TX queues", said)
        self.assertRegex(here.run("eng", "ethtool", "-l", "eng0").stdout, r"settings:\nRX:\s+4\n")

    def test_two_clocks(self):
        here = self.lab("--two-ports")
        status, said = here.refused("--iface", "eng0", "--bridge", "eng1", "--timestamps", "nic")
        self.assertEqual(status, 2)
        self.assertIn("two clocks", said)

    def test_timestamps(self):
        here = self.lab()
        for clock in ("burst", "xdp", "nic"):
            engine = here.engine("--iface", "eng0", "--timestamps", clock)
            here.generate("--count", "1000", "--rate", "20000")
            if clock == "nic":
                engine.wait_for("gives no arrival times", 5)
            queue = engine.stop()["queues"][0]
            self.assertEqual(queue["received"], 1000)
            # veth has the function, and no hardware clock behind it
            self.assertEqual(queue["unstamped"], 1000 if clock == "nic" else 0)


if __name__ == "__main__":
    lab.main()
