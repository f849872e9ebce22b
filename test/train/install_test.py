#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train installed by pip, without the source tree: one package, no path of its own making, and
its command trains the bytes that train/fit.py does."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("AFXDP_BUILD", str(ROOT / "build"))

for module in ("pip", "setuptools", "wheel", "sklearn", "torch"):
    if subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True).returncode:
        print(f"skipped: python3-{module} is missing")
        sys.exit(77)


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        source, self.site = self.folder / "source", self.folder / "site"
        shutil.copytree(ROOT / "train", source, ignore=shutil.ignore_patterns("runs", "__pycache__"))
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
                        "--no-build-isolation", "--root-user-action=ignore", "--target", self.site,
                        source], check=True)
        self.environment = {name: value for name, value in os.environ.items()
                            if name != "PYTHONPATH"} | {"AFXDP_BUILD": BUILD}

    def run_it(self, *words, **more):
        return subprocess.run(words, cwd=self.folder, check=True, capture_output=True, text=True,
                              env=self.environment | more).stdout

    def test_it_stands_alone(self):
        names = {path.name for path in self.site.iterdir()}
        self.assertEqual({name for name in names if not name.endswith(".dist-info")},
                         {"afxdp_train", "bin"})
        sources = list((self.site / "afxdp_train").rglob("*.py"))
        self.assertGreater(len(sources), 40)
        for path in sources:
            self.assertNotIn("sys.path", path.read_text(encoding="utf-8"), path)
            self.assertNotIn(path.stem, ("data", "nn"))
        self.assertTrue((self.site / "afxdp_train/captures.sha256").exists())
        # Each module, but those that a recording runs as programs.
        modules = [".".join(path.relative_to(self.site).with_suffix("").parts) for path in sources
                   if path.stem not in ("dialogs", "talk", "udp", "wire")]
        self.run_it(sys.executable, "-c", f"import {', '.join(modules)}", PYTHONPATH=str(self.site))
        kinds = self.run_it(sys.executable, "-c", "import afxdp_train.models as m, afxdp_train.places "
                            "as p; print(p.ROOT, *m.RUNNABLE)", PYTHONPATH=str(self.site))
        self.assertEqual(kinds.split()[0], "None")

        rows = self.folder / "rows.csv"
        self.run_it(f"{BUILD}/bin/afxdp-features", str(ROOT / "test/captures/mixed.pcap"), "--labels",
                    str(ROOT / "test/captures/mixed.labels.csv"), "-o", str(rows))
        self.run_it(sys.executable, self.site / "bin/afxdp-train-fit", rows, "--model", "dt", "--out",
                    "installed", PYTHONPATH=str(self.site))
        self.run_it(sys.executable, ROOT / "train/fit.py", rows, "--model", "dt", "--out", "tree")
        for name in ("dt.onnx", "dt.q8", "calibration.csv"):
            self.assertEqual((self.folder / "installed" / name).read_bytes(),
                             (self.folder / "tree" / name).read_bytes(), name)


if __name__ == "__main__":
    unittest.main()
