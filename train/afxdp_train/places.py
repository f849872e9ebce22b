# SPDX-License-Identifier: BSD-2-Clause
"""Where things lie: beside the source tree, or, installed without one, where users keep theirs."""

import os
import shutil

PACKAGE = os.path.dirname(os.path.abspath(__file__))
_TREE = os.path.dirname(os.path.dirname(PACKAGE))
ROOT = _TREE if os.path.exists(os.path.join(_TREE, "models", "nn.q8")) else None


def in_tree(*path):
    """A path of the source tree; without one, of the current folder."""
    return os.path.join(ROOT or ".", *path)


def run_folder(name):
    """A folder for what training keeps between its runs."""
    if ROOT:
        return os.path.join(ROOT, "train", "runs", name)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "afxdp-train", name)


def program(name):
    """One of the project's programs: of the build that AFXDP_BUILD names, of the source tree's, or
    the one that is installed."""
    build = os.environ.get("AFXDP_BUILD") or ROOT and os.path.join(ROOT, "build")
    found = os.path.join(build, "bin", name) if build else shutil.which(name)
    return found or name
