#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Pieces and worlds: a world keeps what a piece's hosts did, under other names and at other times."""

import ipaddress
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train"))

from afxdp_train import captured, dataset, models, pieces, queues, train, worlds

CLIENT, SERVER, OTHER = (bytes([198, 18, 16, 200]), bytes([198, 18, 1, 3]), bytes([198, 18, 1, 4]))


def packet(source, destination, sport, dport, payload=b"", protocol=17):
    """An IPv4 packet of UDP, or of anything else that begins as UDP does."""
    rest = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0, 64, protocol, 0) + source \
        + destination + rest


def error(router, quoted):
    """An ICMP error, port unreachable, about a packet, to whoever sent it."""
    rest = b"\x03\x03" + bytes(6) + quoted
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0, 64, 1, 0) + router \
        + quoted[12:16] + rest


def piece(name="a/b-0", label=1, part=0, ports=8, roles=None):
    """A client that asks one server on several ports and is answered on none."""
    found = [(10**9 * n, packet(CLIENT, SERVER, 40000 + n, 100 + n), 36, label)
             for n in range(ports)]
    return pieces.make(name, part, found, roles)


class Pieces(unittest.TestCase):
    def test_roles(self):
        lab = {"198.18.1.5": pieces.SERVER, "198.18.1.100": pieces.VICTIM,
               "198.18.6.1": pieces.DARK, "198.18.8.7": pieces.CLIENT,
               "198.18.17.23": pieces.SERVER, "198.18.17.24": pieces.CLIENT,
               "198.18.33.0": pieces.CLIENT, "198.18.49.1": pieces.SERVER,
               "9.9.9.9": pieces.ANY, "2001:db8:1::105": pieces.SERVER,
               "2001:db8:2::120": pieces.CLIENT, "2001:db8:1::603": pieces.DARK}
        for address, role in lab.items():
            self.assertEqual(pieces.role_of(ipaddress.ip_address(address).packed), role, address)

    def test_whoever_speaks_first_is_a_client(self):
        made = piece()
        self.assertEqual(made.roles, {CLIENT: pieces.CLIENT, SERVER: pieces.SERVER})
        self.assertEqual((made.label, made.seconds, len(made)), (1, 7.0, 8))
        many = [(n, packet(bytes([9, 9, n >> 8, n & 255]), SERVER, 9, 80), 36, 3)
                for n in range(500)]
        roles = pieces.make("flood", 0, many, None).roles
        self.assertEqual(set(list(roles.values())[:1] + list(roles.values())[2:]), {pieces.ANY})
        self.assertEqual(roles[SERVER], pieces.SERVER)


class Worlds(unittest.TestCase):
    def test_renamed(self):
        names = {CLIENT: b"\x0a\0\0\1", SERVER: b"\x0a\0\0\2"}
        asked = packet(CLIENT, SERVER, 40000, 53)
        new = worlds.renamed(asked, names)
        self.assertEqual(pieces.ends(new), (names[CLIENT], names[SERVER]))
        self.assertEqual((new[:12], new[20:]), (asked[:12], asked[20:]))
        refused = worlds.renamed(error(SERVER, asked), names)
        self.assertEqual(pieces.ends(refused), (names[SERVER], names[CLIENT]))
        self.assertEqual(refused[28:], new)  # what it quotes is the packet as it plays
        self.assertEqual(worlds.renamed(packet(OTHER, OTHER, 1, 2), names),
                         packet(OTHER, OTHER, 1, 2))
        six = bytes.fromhex("6000000000081140") + b"\1" * 16 + b"\2" * 16 + bytes(8)
        self.assertEqual(pieces.ends(worlds.renamed(six, {b"\1" * 16: b"\3" * 16})),
                         (b"\3" * 16, b"\2" * 16))

    def cast(self, **shares):
        rng = np.random.default_rng(1)
        mixture = worlds.Mixture(**shares)
        hosts = worlds.Hosts(rng, 3, 30)
        return [hosts.cast(piece(), mixture) for _ in range(40)]

    def test_hosts_are_shared_and_apart_within_a_piece(self):
        for casting in self.cast():
            self.assertEqual(len(set(casting.values())), 2)
        clients = [casting[CLIENT] for casting in self.cast(shared_attacker=1.0)]
        self.assertEqual(len(set(clients)), 3)
        alone = [casting[CLIENT] for casting in self.cast(shared_attacker=0.0)]
        self.assertEqual(len(set(alone)), 40)
        group = pieces.make("m", 0, [(0, packet(CLIENT, bytes([224, 0, 0, 251]), 5353, 5353), 36,
                                      0)], None)
        casting = worlds.Hosts(np.random.default_rng(2), 3, 30).cast(group, worlds.Mixture())
        self.assertNotIn(bytes([224, 0, 0, 251]), casting)

    def test_a_play_keeps_ports_and_order(self):
        made = piece()
        names = {CLIENT: b"\x0a\0\0\1", SERVER: b"\x0a\0\0\2"}
        whole = worlds.Play(made, 2.0, 0, None, 90).packets(names, 5)
        self.assertEqual([row[0] for row in whole], [5 + 2 * 10**9 * n for n in range(8)])
        self.assertEqual([row[1][20:] for row in whole], [p[20:] for p in made.packets])
        self.assertEqual([row[2:] for row in whole], [(36, 1)] * 8)
        self.assertEqual(len(worlds.Play(made, 1.0, 3, None, 90).packets(names, 5)), 5)
        self.assertEqual(worlds.Play(made, 1.0, 3, None, 90).packets(names, 5)[0][0], 5)
        self.assertEqual(len(worlds.Play(made, 1.0, 0, None, 2.5).packets(names, 5)), 3)
        self.assertEqual(len(worlds.Play(made, 1.0, 0, 1, 90).packets(names, 5)), 8)
        self.assertEqual(worlds.Play(made, 1.0, 0, 0, 90).packets(names, 5), [])

    def test_resized(self):
        asked = packet(CLIENT, SERVER, 40000, 53, bytes(30))
        new, wire = worlds.resized(asked, len(asked), 2.5)
        self.assertEqual((wire, len(new)), (len(asked) + 45, len(asked)))  # captured short
        self.assertEqual(struct.unpack_from(">H", new, 2)[0], wire)
        self.assertEqual(struct.unpack_from(">H", new, 24)[0], 8 + 75)
        new, wire = worlds.resized(asked, len(asked), 0.1)
        self.assertEqual((wire, len(new), struct.unpack_from(">H", new, 24)[0]), (31, 31, 11))
        self.assertEqual(worlds.resized(asked, 58, 1000)[1], 28 + worlds.SEGMENT)
        six = bytes.fromhex("600000000019063c") + b"\1" * 16 + b"\2" * 16 + bytes(12) + b"\x50" \
            + bytes(12)
        new, wire = worlds.resized(six, 65, 3)
        self.assertEqual((wire, struct.unpack_from(">H", new, 4)[0]), (75, 20 + 15))
        part = bytearray(asked)
        part[6] = 0x20  # a fragment's payload begins anywhere
        for other in (bytes(part), packet(CLIENT, SERVER, 1, 2), error(SERVER, asked), asked[:25],
                      packet(CLIENT, SERVER, 1, 2, bytes(worlds.SEGMENT))):
            self.assertEqual(worlds.resized(other, 300, 2.0), (other, 300))

    def test_only_benign_pieces_are_resized(self):
        mixture, rng = worlds.Mixture(resized=0.5), np.random.default_rng(1)
        drawn = [worlds.draw(piece(label=0), rng, mixture).sizes for _ in range(100)]
        self.assertTrue(30 < drawn.count(None) < 70)
        for factors in filter(None, drawn):
            self.assertTrue(all(1 / 3 <= factor <= 3 for factor in factors))
        self.assertEqual({worlds.draw(piece(label=1), rng, mixture).sizes for _ in range(100)}, {None})

    def make(self, seed):
        its = [piece(f"a/{n}-0", label=n % 5) for n in range(8)] + [piece("v/0-0", part=1)]
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(
                captured, "CACHE", os.path.join(folder, "cache")):
            return worlds.make(its, 0, 3, seed, worlds.Mixture(pieces=6, late=0.0, one_way=0.0))

    def test_every_piece_of_a_part_plays_and_twice_alike(self):
        rows, names = self.make(7)
        again, _ = self.make(7)
        other, _ = self.make(8)
        self.assertEqual(set(names), {f"a/{n}-0" for n in range(8)})
        self.assertEqual(len(rows.names), 4)
        self.assertEqual(set(rows.part), {0})
        for name in ("x", "y", "flow", "time"):
            self.assertTrue(np.array_equal(getattr(rows, name), getattr(again, name)), name)
        self.assertFalse(np.array_equal(rows.x, other.x))
        # A flow that two pieces share is left out, and little else is.
        self.assertGreater(len(rows), 3 * 8 * 8 * 0.8)
        self.assertTrue((rows.y == [int(name[2]) % 5 for name in names]).all())
        for flow in np.unique(rows.flow):
            self.assertEqual(len(set(names[rows.flow == flow])), 1)


class Preparation(unittest.TestCase):
    def rows(self, y, x):
        count = len(y)
        zero = np.zeros(count, np.int64)
        return captured.Rows(x, np.array(y), np.arange(count), zero + 1, zero, zero, zero, zero, ["a"])

    def test_a_clients_syn_is_an_attack_only_once_its_hosts_tell(self):
        x = np.zeros((6, 28), np.int64)
        x[:, :4] = (40000, 22, 6, 60)
        told = [captured.HOST_FEATURES.index(name) for name in ("pair_flows", "responder_failed")]
        x[:, list(dataset.QUIET)] = list(dataset.QUIET.values())  # as many as a quiet host may have
        x[2, told[0]] += 1
        x[3, told[1]] += 1
        x[4, 3] = 44  # no client's
        rows, recipe = self.rows([0, 2, 2, 2, 2, 1], x), dataset.Recipe()
        w = dataset.weigh(rows, (1, 1, 1, 1, 1), recipe)
        self.assertEqual(w.tolist(), [recipe.syn_weight, 0, 1, 1, 1, 0])
        narrow = self.rows([0, 2, 2, 2, 2, 1], x[:, :12])
        w = dataset.weigh(narrow, (1, 1, 1, 1, 1), recipe)
        self.assertEqual(w.tolist(), [recipe.syn_weight, 0, 0, 0, 1, 0])
        training = dataset.prepare({"lab": rows, "worlds": rows}, recipe)
        self.assertEqual(training.y.tolist(), [0, 2, 2, 2] * 2)
        self.assertEqual(training.x[:4, 2:].tolist(), x[[0, 2, 3, 4], 2:].tolist())

    def test_what_verdicts_depend_on_weighs_more_but_for_a_tree(self):
        """Benign packets and the lab set twice, first packets of attacks four times."""
        x = np.zeros((3, 28), np.int64)
        x[:, :4] = (40000, 53, 17, 60)
        rows = self.rows([0, 3, 3], x)
        rows.nth[2] = 2
        training = dataset.prepare({"lab": rows, "worlds": rows}, dataset.Recipe())
        more = training.weight / training.plain_weight
        self.assertEqual(more.tolist(), [2, 8, 2, 2, 4, 1])
        self.assertTrue(models.KINDS["dt"].plain)
        self.assertFalse(models.KINDS["nn"].plain)

    def test_ports_of_some_flows_are_redrawn(self):
        x = np.zeros((2000, 28), np.int64)
        x[:, :4] = (40000, 443, 6, 600)
        training = dataset.prepare({"lab": self.rows([0] * 2000, x)}, dataset.Recipe())
        self.assertTrue(0.4 < (training.x[:, 0] != 40000).mean() < 0.6)
        self.assertTrue(np.array_equal(training.x[:, 2:], x[:, 2:]))
        moved = training.x[:, 1] != 443
        self.assertTrue(0.08 < moved.mean() < 0.22)  # 0.3 of the half


class Training(unittest.TestCase):
    def test_only_worlds_that_train_are_resized_and_not_those_of_a_tree(self):
        def make(its, part, plays, seed, mixture=worlds.Mixture(), progress=None):
            asked.append((part, plays, seed, mixture.resized, mixture.late))
            return one_row, np.array(["a"])

        zero = np.zeros(1, np.int64)
        one_row = captured.Rows(np.zeros((1, 28), np.int64), *[zero] * 7, ["a"])
        every = [piece(part=part) for part in (captured.TRAIN, captured.VALID, captured.TEST)]
        for name, share in (("nn", 0.5), ("bt", 0.5), ("nn1", 0.5), ("dt", 0.0), ("dt1", 0.0)):
            asked = []
            mixture = train.MIXED_PLAIN if train.is_plain(name) else train.MIXED
            with mock.patch.object(worlds, "make", make):
                sets, names = train.mix({"lab": None}, every, every[:1], 1, mixture)
            self.assertEqual(asked, [(captured.TRAIN, 1, 0, share, 0.2), (captured.VALID, 1, 0, 0, 0.2),
                                     (captured.TEST, 1, 0, 0, 0.2),
                                     (captured.TRAIN, train.LATE_PLAYS, 2, share, train.LATE)])
            self.assertEqual((list(sets), len(names)), (["lab", "worlds"], 4))
        self.assertEqual([train.prepared_as(name) for name in ("nn", "dt", "nn1", "dt1")],
                         [(2, False), (2, True), (1, False), (1, True)])


class Packets(unittest.TestCase):
    def test_begin_at_their_ip_header(self):
        """Behind Ethernet, a VLAN tag too; what isn't IP is left out."""
        inside = packet(CLIENT, SERVER, 5, 53, b"x")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pcap")
            with open(path, "wb") as file:
                file.write(queues.HEADER)
                for link in (b"\x08\x00", b"\x81\x00\x00\x01\x08\x00", b"\x08\x06"):
                    frame = bytes(12) + link + inside
                    file.write(struct.pack("<IIII", 5, 7, len(frame), len(frame)) + frame)
            found = list(pieces.read_packets(path))
        self.assertEqual(found, [(number, 5 * 10**9 + 7, inside, len(inside))
                                 for number in (0, 1)])


class Queues(unittest.TestCase):
    def test_a_worker_takes_a_burst_or_what_has_waited(self):
        time = np.arange(200) * 100_000  # a burst takes 13 ms: 10 come first
        time[150] = 0  # captures go back in time
        queue = np.arange(200) % 2
        at = queues.order(time, queue)
        self.assertEqual(sorted(at), list(range(200)))
        for number in (0, 1):  # each queue keeps its order
            its = at[queue[at] == number]
            self.assertTrue((np.diff(its) > 0).all())
        self.assertEqual(queue[at[:51]].tolist(), [0] * 51)  # those up to 10 ms behind the first
        self.assertEqual(queues.order(np.arange(200) * 10**8, queue).tolist(),
                         [*range(200)])  # where nothing waits, as they came
        fast = queues.order(time // 1000, queue)
        self.assertEqual(queue[fast[:64]].tolist(), [0] * 64)
        self.assertEqual(queue[fast[64:128]].tolist(), [1] * 64)

    def test_one_queue_gives_the_features_of_the_capture(self):
        rng, frames = np.random.default_rng(3), []
        for _ in range(300):
            ends = [bytes([10, 0, 0, int(n)]) for n in rng.integers(1, 5, 2)]
            frames.append(packet(*ends, int(rng.integers(1, 9)), 53, b"x"))
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(
                captured, "CACHE", os.path.join(folder, "cache")):
            path = os.path.join(folder, "a.pcap")
            with open(path, "wb") as file:
                file.write(queues.HEADER)
                for number, each in enumerate(frames):
                    frame = bytes(12) + b"\x08\x00" + each
                    file.write(struct.pack("<IIII", 5, number * 10_000, len(frame), len(frame)))
                    file.write(frame)
            rows = captured.read(path)
            self.assertTrue(np.array_equal(queues.features(path, rows, 1), rows.x))
            many = queues.features(path, rows, 4)
        self.assertTrue(np.array_equal(many[:, :12], rows.x[:, :12]))  # a flow has one queue
        self.assertFalse(np.array_equal(many, rows.x))

    def test_workers_that_are_not_late_give_the_verdicts_of_one(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        table = subprocess.run(
            [sys.executable, os.path.join(root, "train", "late_workers.py"),
             os.path.join(root, "test", "captures", "mixed.pcap"), "--late", "0", "10",
             "--workers", "2", "--model", os.path.join(root, "models", "nn.q8")],
            capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertEqual(table[0], "| capture | workers | 0 ms | 10 ms |")
        at_once, late = table[2].split("|")[3:5]
        self.assertEqual(float(at_once), 100)
        self.assertTrue(98 < float(late) < 100, late)


if __name__ == "__main__":
    unittest.main()
