# SPDX-License-Identifier: BSD-2-Clause
"""A module of this package as a command, from the source tree."""

import importlib
import sys


def main(name):
    """The exit status of the module's main; one line where what it imports isn't installed."""
    try:
        module = importlib.import_module(f".{name}", __package__)
    except ModuleNotFoundError as missing:
        print(f"{name.rpartition('.')[2]}: Python's module {missing.name} is missing; with the others "
              "that training takes: sudo deps/install.sh train", file=sys.stderr)
        return 1
    return module.main()
