#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-model explain against arithmetic of its own: the file read as docs/q8.md says, the network and the tree walked in
Python."""

import csv
import json
import os
import struct
import sys
import unittest

import programs
import q8
from programs import MIXED, ROOT, run

MOST = [65535, 65535, 255, 2**32, 2**32, 1] + [2**32, 2**32, 65536] * 2 + [
    255, 255, 65535, 65535, 2**32, 255, 2**32, 48, 48, 2**32, 48, 2**32, 48, 255, 2**32, 2**32]


class File:
    """A model as docs/q8.md has it."""

    def __init__(self, name):
        with open(os.path.join(ROOT, "models", name), "rb") as file:
            self.data = data = file.read()
        (self.kind, _, _, classes, provenance, payload, golden, self.shift) = struct.unpack_from(
            "<IQ6I", data, 12)
        self.width = 12 if struct.unpack_from("<I", data, 8)[0] == 1 else 28
        self.table = struct.unpack_from("<256H", data, 64)
        self.classes = [data[576 + 32 * i:607 + 32 * i].rstrip(b"\0").decode() for i in range(classes)]
        self.payload = 576 + 32 * classes + provenance
        self.golden = []
        for i in range(golden):
            at = self.payload + payload + i * (4 * self.width + 4)
            self.golden.append((struct.unpack_from(f"<{self.width}I", data, at),
                                struct.unpack_from("<H", data, at + 4 * self.width)[0]))
        self.read()

    def usual(self):
        rows = [row for row, verdict in self.golden
                if verdict == 0 and all(value <= most for value, most in zip(row, MOST))]
        assert len(rows) > 20
        return [sorted(column)[len(rows) // 2] for column in zip(*rows)]

    def verdict(self, scores):
        best = max(scores)
        winner = scores.index(best)
        second = max(score for i, score in enumerate(scores) if i != winner)
        margin = min(255, (best - second) >> self.shift)
        return winner, self.table[margin], second


class Network(File):
    def read(self):
        layers, at = struct.unpack_from("<I", self.data, self.payload)[0], self.payload + 16
        self.codes = [self.data[at + 464 * i:at + 464 * (i + 1)] for i in range(self.width)]
        at += 464 * self.width
        self.layers = []
        for _ in range(layers):
            inputs, outputs = struct.unpack_from("<2I", self.data, at)
            at += 8
            bias = struct.unpack_from(f"<{outputs}i", self.data, at)
            at += 4 * outputs
            shift = self.data[at:at + outputs]
            at += outputs
            weights = struct.unpack_from(f"<{outputs * inputs}b", self.data, at)
            at += outputs * inputs
            self.layers.append((bias, shift, [weights[o * inputs:(o + 1) * inputs]
                                              for o in range(outputs)]))

    def scores(self, row):
        def index(value):
            if value < 16:
                return value
            e = value.bit_length() - 1
            return ((e - 3) << 4) + ((value >> (e - 4)) & 15)

        x = [code[index(value)] for code, value in zip(self.codes, row)]
        for number, (bias, shift, weights) in enumerate(self.layers):
            sums = [b + sum(w * v for w, v in zip(row_, x)) for b, row_ in zip(bias, weights)]
            if number == len(self.layers) - 1:
                return sums
            x = [min(max(value, 0) >> s, 127) for value, s in zip(sums, shift)]
        raise AssertionError("no layers")


class Trees(File):
    def read(self):
        trees, nodes, rows, _ = struct.unpack_from("<4I", self.data, self.payload)
        at = self.payload + 16
        self.roots = [struct.unpack_from("<I", self.data, at + 8 * i)[0] for i in range(trees)]
        at += 8 * trees
        self.nodes = [struct.unpack_from("<2I", self.data, at + 8 * i) for i in range(nodes)]
        at += 8 * nodes
        count = len(self.classes)
        self.rows = [struct.unpack_from(f"<{count}i", self.data, at + 4 * count * i) for i in range(rows)]
        self.bits, self.leaf = (4, 12) if self.width == 12 else (5, 31)

    def walk(self, root, row):
        at, path = root, []
        while (feature := self.nodes[at][1] & ((1 << self.bits) - 1)) != self.leaf:
            threshold, link = self.nodes[at]
            above = row[feature] > threshold
            path.append((feature, above, threshold))
            at = (link >> self.bits) + above
        return path, self.rows[self.nodes[at][0]]

    def scores(self, row):
        return [sum(column) for column in zip(*(self.walk(root, row)[1] for root in self.roots))]


class Explain(programs.Test):
    def table(self, feature_set):
        path = self.path(f"{feature_set}.csv")
        done = run("afxdp-features", "--set", str(feature_set), MIXED, "-o", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="ascii") as file:
            rows = list(csv.DictReader(file))
        names = q8.NAMES[:12 if feature_set == 1 else 28]
        return path, [(row["index"], [int(row[name]) for name in names]) for row in rows]

    def explained(self, *arguments):
        done = run("afxdp-model", "explain", *arguments, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json.loads(done.stdout)

    def check_head(self, model, found, row):
        scores = model.scores(row)
        winner, confidence, second = model.verdict(scores)
        self.assertEqual((found["class"], found["confidence"]), (model.classes[winner], confidence))
        self.assertEqual(scores[model.classes.index(found["second"])], second)
        self.assertEqual(list(found["row"].values()), row)
        return scores, winner

    def check_effects(self, model, found, row):
        scores, winner = self.check_head(model, found, row)
        lead = lambda of: of[winner] - max(score for i, score in enumerate(of) if i != winner)
        effects = []
        for feature, value in enumerate(model.usual()):
            changed = [*row[:feature], value, *row[feature + 1:]]
            after = model.scores(changed)
            effects.append((lead(scores) - lead(after), q8.NAMES[feature], model.verdict(after)))
        wanted = sorted((effect for effect in effects if effect[0]), key=lambda effect: -abs(effect[0]))[:3]
        self.assertEqual(
            [(told["feature"], told["lead_lost"], told["class"], told["confidence"])
             for told in found["features"]],
            [(name, int(lost * 100 / lead(scores)), model.classes[verdict[0]], verdict[1])
             for lost, name, verdict in wanted])

    def test_networks_and_forests(self):
        for feature_set, names in ((2, (("nn.q8", Network), ("bt.q8", Trees))), (1, (("nn1.q8", Network),))):
            path, rows = self.table(feature_set)
            for name, kind in names:
                model = kind(name)
                for index, row in rows[17::1500]:
                    with self.subTest(model=name, row=index):
                        self.check_effects(model, self.explained(name, path, "--row", index), row)

    def test_a_tree(self):
        for feature_set, name in ((1, "dt1.q8"), (2, "dt.q8")):
            path, rows = self.table(feature_set)
            model = Trees(name)
            for index, row in rows[17::1500]:
                found = self.explained(name, path, "--row", index)
                self.check_head(model, found, row)
                self.assertEqual([(told["feature"], told["is"]) for told in found["comparisons"]],
                                 [(q8.NAMES[feature], "above" if above else "at most")
                                  for feature, above, _ in model.walk(model.roots[0], row)[0]])

    def test_values_and_units(self):
        row = [51234, 22, 6, 60, 1500, 1, 60 << 8, 2500000, 49152, 384, 999, 0,
               2, 18, 65535, 1, 1, 51, 0, 47, 48, 1, 2, 7, 1, 255, 0, 3]
        wanted = {"sport": "51234", "dport": "22", "protocol": "6 (TCP)", "length": "60 bytes", "interval": "1.500 ms",
                  "direction": "the initiator", "mean_length": "60.00 bytes", "mean_interval": "2.500 s",
                  "mean_direction": "75.0 %", "dev_length": "1.50 bytes", "flags_forward": "2 (SYN)",
                  "flags_backward": "18 (SYN ACK)", "payload_forward": "65535 bytes or more",
                  "initiator_failed": "1 flow", "initiator_failed_share": "20.0 %", "initiator_peers": "about 186 hosts",
                  "initiator_ports": "about 190 ports or more", "pair_ports": "about 2 ports",
                  "responder_failed": "7 flows", "responder_sources": "about 1 host", "responder_new": "100.0 %"}
        seen = {}
        for i in range(28): # each compared by a tree that asks for nothing else
            found = self.explained(self.asks(i), "--row", ",".join(map(str, row)))
            (told,) = found["comparisons"]
            seen[told["feature"]] = told["value"]
            self.assertTrue(0 < len(told["meaning"]) <= 60)
        self.assertEqual({name: seen[name] for name in wanted}, wanted)

    def asks(self, feature):
        """A model of one comparison."""
        data = bytearray(q8.tree(version=2))
        at = data.index(struct.pack("<2I", 1000, 1 << 5 | 1))
        struct.pack_into("<2I", data, at, 2**32 - 1, 1 << 5 | feature)
        golden = len(data) - 4 - 3 * 116
        for i in range(3): # all rows end in the first leaf
            struct.pack_into("<2H", data, golden + 116 * i + 112, 0, 240)
        return self.write(f"{feature}.q8", q8.with_checksum(bytes(data[:-4])))

    def test_what_it_refuses(self):
        path, rows = self.table(2)
        for arguments, words in (
                ((), "the model is missing"), (("nn.q8",), "--row is missing"),
                (("nn.q8", "--row", "1,2"), "2 values, where the model reads 28"),
                (("nn.q8", "--row", "1,2,"), "value 2 should be a number"),
                (("nn.q8", "--row", "4294967296"), "value 1 should be a number up to 4294967295"),
                (("nn.q8", path, "--row", "x"), "should be an index"),
                (("nn.q8", path, "--row", str(10**6)), "no row has the index 1000000"),
                (("nn.q8", path, path, "--row", "1"), "one model and one features.csv")):
            self.assert_one_line(run("afxdp-model", "explain", *arguments), 2, words)
        self.assertGreater(len(rows), 5000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
