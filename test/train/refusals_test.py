#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where train/train.py keeps its rows, what it refuses in one line, and a small run of it."""

import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train"))

from afxdp_train import captured, dataset, places, recordings, refusal, tools, train


class Cache(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def test_no_other_user_reaches_it(self):
        if "AFXDP_TRAIN_CACHE" not in os.environ:
            self.assertTrue(captured.CACHE.startswith(os.path.join(places.ROOT, "train", "runs")))
        with mock.patch.object(captured, "CACHE", self.path("runs", "cache")):
            for _ in range(2):
                self.assertEqual(captured.cache_folder(), captured.CACHE)
            self.assertEqual(os.stat(captured.CACHE).st_mode & 0o777, 0o700)

    def refused(self, cache, part):
        with mock.patch.object(captured, "CACHE", cache):
            with self.assertRaises(refusal.Refused) as caught:
                captured.cache_file("digest")
        self.assertIn(part, str(caught.exception))
        self.assertIn(cache, str(caught.exception))

    def test_a_folder_that_others_made_or_can_write_to_is_refused(self):
        os.mkdir(self.path("theirs"))
        with mock.patch.object(os, "geteuid", return_value=os.geteuid() + 1):
            self.refused(self.path("theirs"), "isn't a folder that only you can write to")
        os.symlink("theirs", self.path("link"))
        self.refused(self.path("link"), "isn't a folder that only you can write to")
        os.symlink("nowhere", self.path("dangling"))
        self.refused(self.path("dangling"), "File exists")
        os.chmod(self.path("theirs"), 0o777)
        self.refused(self.path("theirs"), "isn't a folder that only you can write to")

    def test_another_extractor_has_other_rows(self):
        self.addCleanup(captured.version.cache_clear)
        with (mock.patch.object(captured, "CACHE", self.path("cache")),
              mock.patch.object(captured, "EXTRACTOR", self.path("extractor"))):
            found = [captured.cache_file("digest")]
            for text in ("first", "second"):
                captured.version.cache_clear()
                with open(captured.EXTRACTOR, "w", encoding="utf-8") as file:
                    file.write(text)
                found.append(captured.cache_file("digest"))
            self.assertEqual(captured.cache_file("digest"), found[-1])
            with mock.patch.object(captured.packets, "__file__", captured.EXTRACTOR):
                found.append(captured.cache_file("digest"))
        self.assertEqual(len(set(found)), 4)


def write_capture(path, link=1):
    """A capture of one UDP packet; of link type `link`."""
    packet = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 32, 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]),
                         bytes([10, 0, 0, 2]), 40000, 53, 12, 0) + b"test"
    frame = bytes(12) + b"\x08\x00" + packet
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link)
                   + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)


class Refusals(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def main(self, *more):
        """train.py's exit status and last line of stderr."""
        words = ["train.py", "--data", self.folder, "--recordings", self.folder, "--run",
                 self.path("run"), "--out", self.path("out"), *more]
        with (mock.patch.object(sys, "argv", words),
              contextlib.redirect_stderr(io.StringIO()) as err):
            try:
                status = train.main()
            except SystemExit as ended:
                status = ended.code
        return status, err.getvalue().splitlines()[-1]

    def test_options(self):
        for words, line in (("--seeds -1", "--seeds: -1: must be from 0 to 4294967295"),
                            ("--seeds 4294967296", "--seeds: 4294967296: must be from 0 to"),
                            ("--runs -1", "--runs: -1: must be from 0"),
                            ("--epochs 0", "--epochs: 0: must be above 0"),
                            ("--epochs 1.5", "--epochs: invalid int value: '1.5'"),
                            ("--rate nan", "--rate: nan: must be above 0 and finite"),
                            ("--rate inf", "--rate: inf: must be above 0 and finite"),
                            ("--class-power -1", "--class-power: -1: must be from 0 and finite")):
            with mock.patch.object(train, "read", side_effect=AssertionError):
                status, found = self.main(*words.split())
            self.assertEqual(status, 2)
            self.assertIn(line, found)
        words = "train.py --data x --seeds 0 4294967295 --class-power 0 --runs 0".split()
        with mock.patch.object(sys, "argv", words):
            self.assertEqual((train.parse().seeds, train.parse().runs), ([0, 4294967295], 0))

    def test_places_are_tried_before_any_work(self):
        with open(self.path("file"), "wb"):
            pass
        for option in ("--out", "--run"):
            with mock.patch.object(train, "read", side_effect=AssertionError):
                found = self.main(option, self.path("file"))
            self.assertEqual(found, (2, f"train: cannot write to {self.path('file')}: File exists"))

    def test_what_is_read(self):
        status, line = self.main()
        self.assertEqual(status, 2)
        self.assertIn("is not there; the set westermo is had at", line)
        with mock.patch.object(train, "read", side_effect=ValueError("no\nnumber")):
            self.assertEqual(self.main(),
                             (2, "train: captures and flow tables: no?number"))

    def test_a_small_run(self):
        rng = np.random.default_rng(15)
        count = 400
        x, zero = rng.integers(1, 60000, (count, 28)), np.zeros(count, np.int64)
        y = rng.integers(0, train.K, count)
        x[:, 1] = 1000 * y + rng.integers(1, 500, count)
        lab = captured.Rows(x, y, np.arange(count), zero + 1, zero, zero, zero, np.arange(count) % 3,
                        ["a"])
        sets = {"lab": lab, "recordings": lab.take(lab.part == captured.TRAIN)}

        def prepare(parts, _):
            return dataset.Training(x[:, : parts["lab"].x.shape[1]], y, np.ones(count))

        with (mock.patch.object(train, "read", return_value=(sets, [], [])),
              mock.patch.object(train, "mix", return_value=(sets, None)) as mix,
              mock.patch.object(dataset, "prepare", prepare),
              contextlib.redirect_stdout(io.StringIO())):
            status, line = self.main("--models", "dt", "forest", "bt", "dt1", "--seeds", "1", "0")
        self.assertEqual(status, 0, line)
        self.assertEqual([call.args[-1] for call in mix.call_args_list],
                         [train.MIXED, train.MIXED_PLAIN])  # the latter for single trees
        with open(os.path.join(self.path("run"), "metrics.json"), encoding="utf-8") as file:
            report = json.load(file)["models"]
        for name, page, feature_set in (("dt", "dt", 2), ("forest", "README", 2), ("bt", "bt", 2),
                                        ("dt1", "dt1", 1)):
            self.assertEqual(list(report[name]["test"]), ["lab"])
            self.assertEqual([found["seed"] for found in report[name]["valid"]], [1, 0])
            with open(self.path(f"out/{name}.provenance.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["page"], f"docs/models/{page}.md")
            self.assertEqual(tools.feature_set(self.path(f"out/{name}.q8")), feature_set)

    def test_a_recording_that_isnt_whole(self):
        path = recordings.place(self.folder, 33) + ".json"
        os.mkdir(os.path.dirname(path))
        for text in ("", '{"seed": 33,'):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.refused(f"{path}: ", recordings.described, self.folder, 33)
            self.refused("; remove it, and the recording is made again", recordings.described,
                         self.folder, 33)

    def refused(self, part, call, *arguments):
        with self.assertRaises(refusal.Refused) as caught:
            call(*arguments)
        self.assertIn(part, str(caught.exception))

    def test_programs(self):
        capture, extractor = self.path("one.pcap"), self.path("extractor")
        write_capture(capture)
        with (mock.patch.object(captured, "EXTRACTOR", extractor),
              mock.patch.object(captured, "CACHE", self.path("cache"))):
            self.addCleanup(captured.version.cache_clear)
            self.refused("cannot extract its integers: ", captured.extract, capture)
            header = "index," + ",".join(captured.HOST_FEATURES)
            for text, part in (("exit 3", "returned non-zero exit status 3"),
                               (f'echo {header}\necho 0{",1" * 28}', "and the oracle differ"),
                               ("echo index", "another header than the design page's")):
                with open(extractor, "w", encoding="utf-8") as file:
                    file.write(f'#!/bin/sh\nexec >"$5"\n{text}\n')
                os.chmod(extractor, 0o700)
                captured.version.cache_clear()
                self.refused(part, captured.read, capture)
            with open(capture, "ab") as file:
                file.write(b"x")
            self.refused(f"cannot read the capture {capture}: ", captured.read, capture)
        with mock.patch.object(tools, "MODEL_TOOL", self.path("none")):
            self.refused("none isn't built: cmake --build build", tools.run, "code")


if __name__ == "__main__":
    unittest.main()
