#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""train/fit.py: models of a user's own rows, the same bytes each time, one line for bad input."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIT = os.path.join(ROOT, "train", "fit.py")
sys.path.insert(0, os.path.join(ROOT, "train"))

from afxdp_train import captured, fit, labelled, refusal, tools

HEADER = "index," + ",".join(captured.FEATURES) + ",label"
ROW = "40000,22,6,60,0,1,15360,0,65536,0,0,0"


def rows(seed, names, count=400):
    """Rows whose service port gives their class away."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(names), count)
    x = rng.integers(1, 60000, (count, 12))
    x[:, 1] = 100 * y + rng.integers(1, 50, count)
    x[:, 6] += labelled.LEAST_MEAN_LENGTH
    return x, [names[i] for i in y]


class Fit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def features(self, name, seed=1, classes=("scan", "benign", "flood")):
        tools.write_features(self.path(name), *rows(seed, classes))
        return self.path(name)

    def fit(self, *arguments):
        """fit.py in this process, which has PyTorch already: status, stdout, stderr."""
        out, err = io.StringIO(), io.StringIO()
        with (mock.patch.object(sys, "argv", [FIT, *arguments]), contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            try:
                status = fit.main()
            except SystemExit as ended:
                status = ended.code
        return status, out.getvalue(), err.getvalue()

    def contents(self, out):
        found = {}
        for name in sorted(os.listdir(self.path(out))):
            with open(self.path(os.path.join(out, name)), "rb") as file:
                found[name] = file.read()
        return found

    def classes(self, model):
        shown = subprocess.run([tools.MODEL_TOOL, "inspect", model], capture_output=True, text=True,
                               check=True).stdout
        after = shown.partition("\nclasses ")[2].splitlines()
        return [line.split()[0] for line in after if line.split()[1:] == ["count"]]

    def test_two_runs_give_the_same_bytes(self):
        train, more = self.features("train.csv"), self.features("more.csv", 2)
        valid = self.features("valid.csv", 3)
        short = "--epochs", "20", "--tune-epochs", "4"
        for model in ("nn", "dt"):
            words = (train, more, "--model", model, "--valid", valid, "--seeds", "4", "2", *short)
            status, out, err = self.fit(*words, "--out", self.path("first"))
            self.assertEqual(status, 0, err)
            self.assertIn("800 rows: benign ", out)
            self.assertGreater(float(out.split("trained on, ")[1].split()[0]), 0.8)
            subprocess.run([FIT, *words, "--out", self.path("second")], capture_output=True,
                           timeout=200, check=True)
            self.assertEqual(self.contents("first"), self.contents("second"))
            self.assertEqual(self.classes(self.path(f"first/{model}.q8")),
                             ["benign", "flood", "scan"])
        self.assertEqual(sorted(self.contents("first")), [
            "calibration.csv", "dt.onnx", "dt.provenance.json", "dt.q8", "nn.onnx",
            "nn.provenance.json", "nn.q8"])

    def test_classes_in_the_order_asked_for(self):
        status, _, err = self.fit(self.features("t.csv"), "--model", "dt", "--out", self.path("o"),
                                  "--classes", "scan,flood,benign")
        self.assertEqual(status, 0, err)
        self.assertEqual(self.classes(self.path("o/dt.q8")), ["scan", "flood", "benign"])

    def test_files_of_one_name_are_both_in_the_provenance(self):
        for day in ("day1", "day2"):
            os.mkdir(self.path(day))
        paths = [self.features("day1/rows.csv", 1), self.features("day2/rows.csv", 2)]
        status, _, err = self.fit(*paths, "--model", "dt", "--out", self.path("o"))
        self.assertEqual(status, 0, err)
        expected = []
        for path in paths:
            with open(path, "rb") as file:
                expected.append(["rows.csv", hashlib.sha256(file.read()).hexdigest()])
        with open(self.path("o/dt.provenance.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["train"], expected)
        shown = subprocess.run([tools.MODEL_TOOL, "inspect", self.path("o/dt.q8")], check=True,
                               capture_output=True, text=True).stdout
        for _, digest in expected:
            self.assertIn(digest, shown)

    def refused(self, part, *arguments):
        status, _, err = self.fit(*arguments, "--model", "dt", "--out", self.path("out"))
        lines = [line for line in err.replace("\r", "\n").splitlines() if line.startswith("fit: ")]
        self.assertEqual((status, len(lines)), (2, 1), err)
        self.assertIn(part, lines[0])
        self.assertFalse(os.path.exists(self.path("out")))

    def test_exit_status_of_bad_input(self):
        good = self.features("t.csv")
        self.refused("empty.csv is empty", self.write("empty.csv", ""))
        self.refused("every label is 'benign'", self.features("one.csv", 1, ["benign"]))
        self.refused("several --seeds need --valid", good, "--seeds", "1", "2")
        self.refused("--valid: the label 'worm'", good, "--valid",
                     self.features("v.csv", 1, ["benign", "worm"]))
        self.refused("--valid: no row of the class 'benign'", good, "--valid",
                     self.features("attacks.csv", 1, ["flood", "scan"]))
        self.refused("--valid: no row of the class 'scan'", good, "--classes", "scan,benign,flood",
                     "--valid", self.features("v.csv", 1, ["flood", "benign"]))
        status, _, err = self.fit(good, "--model", "nn", "--out", self.path("out"), "--epochs", "0")
        self.assertEqual(status, 2)
        self.assertIn("argument --epochs: 0: must be above 0", err)

    def test_one_line_where_the_place_or_the_tool_is_wrong(self):
        good = self.features("t.csv")
        with mock.patch.object(tools, "MODEL_TOOL", self.path("none")):
            self.refused("none isn't built: cmake --build build", good)
        status, _, err = self.fit(good, "--model", "dt", "--out", good)
        self.assertEqual(status, 2)
        self.assertIn(f"fit: cannot write to {good}: File exists", err)

    def explained(self, error):
        def body():
            raise error

        with contextlib.redirect_stderr(io.StringIO()) as err:
            status = refusal.run_or_explain("fit", body)
        return status, err.getvalue()

    def test_one_line_for_every_error(self):
        self.assertEqual(self.explained(labelled.Refused("a\nb\x1b")), (2, "fit: a?b?\n"))
        self.assertEqual(self.explained(OSError(28, "No space left on device")),
                         (1, "fit: No space left on device\n"))
        self.assertEqual(self.explained(OSError(5, "Input/output error", "a\nb")),
                         (1, "fit: cannot read or write a?b: Input/output error\n"))
        self.assertEqual(self.explained(OSError("odd")), (1, "fit: odd\n"))
        for done, status in ((None, 0), (1, 1)):
            self.assertEqual(refusal.run_or_explain("fit", lambda done=done: done), status)
        with self.assertRaises(KeyError):  # a mistake of ours keeps its traceback
            self.explained(KeyError("x"))
        for error, line in ((ValueError("not a number"), "t.csv: not a number"),
                            (OSError(13, "Permission denied", "a.csv"),
                             "cannot read or write a.csv: Permission denied")):
            with self.assertRaises(refusal.Refused) as caught, refusal.reading("t.csv"):
                raise error
            self.assertEqual(str(caught.exception), line)

    def test_what_rows_are_refused(self):
        cases = [
            ("\n", "column 'sport' is missing"),
            (HEADER + "\n", "no row has a label"),
            (f"{HEADER}\n0,{ROW},\n", "no row has a label"),
            (f"{HEADER[:-6]}\n0,{ROW}\n", "column 'label' is missing"),
            (f"{HEADER},colour\n0,{ROW},a,red\n", "column 'colour' is unknown"),
            (f"{HEADER},label\n0,{ROW},a,b\n", "column 'label' stands there twice"),
            (f"{HEADER}\n0,{ROW},a\n0,{ROW}\n", "line 3 has 13 fields, the header has 14"),
            (f"{HEADER}\n0,{ROW.replace('60', '-60')},a\n", "line 2: not 12 whole numbers"),
            (f"{HEADER}\n0,{ROW.replace('60', '6e1')},a\n", "line 2: not 12 whole numbers"),
            (f"{HEADER}\n0,{ROW.replace('60', '4294967296')},a\n", "line 2: not 12 whole"),
            (f"{HEADER}\n0,{ROW.replace('60', '٣')},a\n", "line 2: not 12 whole numbers"),
            (f"{HEADER}\n0,{ROW},Benign\n", "line 2: 'Benign' can't be a class"),
            (f"{HEADER}\n0,{ROW},other\n", "line 2: 'other' can't be a class"),
            (f'{HEADER}\n0,{ROW},"a\x1b[1m\nb"\n', "line 3: 'a?[1m?b' can't be a class"),
            (f'{HEADER},"a\r\n\u202eb"\n', "column 'a???b' is unknown"),
            (f"{HEADER}\n0,{ROW.replace('15360', '127')},a\n", "these are codes"),
            (b"\x7fELF\x00\xff\xfe", "is no CSV file"),
        ]
        for text, part in cases:
            path = self.write("bad.csv", text)
            with self.assertRaises(labelled.Refused, msg=text) as caught:
                labelled.read([path])
            self.assertIn(part, str(caught.exception))
            self.assertIn(path, str(caught.exception))
        for path in (self.path("none.csv"), self.folder):
            with self.assertRaises(labelled.Refused) as caught:
                labelled.read([path])
            self.assertIn(f"cannot read {path}: ", str(caught.exception))

    def test_reads_what_afxdp_features_writes(self):
        path = self.write("t.csv", f"{HEADER},flow,packet\n7,{ROW},a,0,1\n8,{ROW},,0,2\n"
                                   f"9,{ROW.replace('22', '4294967295')},b,1,1\n")
        x, labels = labelled.read([path, path])
        self.assertEqual((x.shape, labels), ((4, 12), ["a", "b", "a", "b"]))
        self.assertEqual(x[3].tolist()[:3], [40000, 4294967295, 6])

    def test_both_feature_sets(self):
        wide = ROW + ",2,18,0,1448,3,255,1,4,5,6,7,8,9,10,11,12"
        path = self.write("wide.csv", f"index,{','.join(captured.HOST_FEATURES)},label\n0,{wide},a\n"
                                      f"1,{wide.replace('1448', '9')},b\n")
        x, labels = labelled.read([path])
        self.assertEqual((x.shape, labels), ((2, 28), ["a", "b"]))
        self.assertEqual(x[0, 12:17].tolist(), [2, 18, 0, 1448, 3])
        short = self.write("short.csv", f"index,{','.join(captured.HOST_FEATURES[:-1])},label\n0,{wide}\n")
        with self.assertRaises(labelled.Refused) as caught:
            labelled.read([short])
        self.assertIn("column 'service_failed' is missing", str(caught.exception))
        narrow = self.write("narrow.csv", f"{HEADER}\n0,{ROW},a\n1,{ROW},b\n")
        with self.assertRaises(labelled.Refused) as caught:
            labelled.read([path, narrow])
        self.assertIn("narrow.csv has 12 features a row", str(caught.exception))
        self.refused("--valid rows have 12 features, those to train on 28", path, "--valid", narrow)

    def test_classes(self):
        labels = ["z", "benign", "a", "z"]
        self.assertEqual(labelled.classes_of(labels), ["benign", "a", "z"])
        self.assertEqual(labelled.classes_of(labels, "a,z,benign"), ["a", "z", "benign"])
        self.assertEqual(labelled.number(labels, ["z", "a", "benign"], "").tolist(), [0, 2, 1, 0])
        for wanted, part in (("a,z", "'benign' is none of the classes a, z"),
                             ("a,a,z,benign", "twice"), ("a,z,benign,x", "no row has the label 'x'"),
                             ("", "'' can't be a class"), ("a,unsure", "'unsure' can't be")):
            with self.assertRaises(labelled.Refused) as caught:
                labelled.classes_of(labels, wanted)
            self.assertIn(part, str(caught.exception))
        with self.assertRaises(labelled.Refused) as caught:
            labelled.classes_of([f"c{i}" for i in range(65)])
        self.assertIn("65 different labels", str(caught.exception))

    def test_a_module_that_is_not_installed_is_one_line(self):
        self.write("torch.py", "raise ModuleNotFoundError('none', name='torch')\n")
        done = subprocess.run([FIT, "--help"], capture_output=True, text=True, check=False,
                              env={**os.environ, "PYTHONPATH": self.folder})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "fit: Python's module torch is missing; with the others that "
                         "training takes: sudo deps/install.sh train\n")


if __name__ == "__main__":
    unittest.main()
