# SPDX-License-Identifier: BSD-2-Clause
"""What a user reads where a script of this folder can't go on: one line, never a traceback."""

import contextlib
import csv
import os
import sys
import tempfile


def printable(text):
    """Text that is one line on any terminal: what could break or colour it becomes '?'."""
    return "".join(c if c.isprintable() else "?" for c in text)


class Refused(Exception):
    """One line: what was tried, on what, why it failed, what to do."""

    def __init__(self, message):
        super().__init__(printable(message))


def run_or_explain(program, body):
    """Calls body() and gives the exit status: what body returns (None: 0), 1 failed while running,
    2 bad input."""
    try:
        return body() or 0
    except Refused as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"cannot read or write {error.filename}: " if error.filename else ""
        print(printable(f"{program}: {where}{error.strerror or error}"), file=sys.stderr)
        return 1


@contextlib.contextmanager
def reading(what):
    """Refuses, inside, files that can't be read or don't hold what they must."""
    try:
        yield
    except OSError as error:
        where = error.filename or what
        raise Refused(f"cannot read or write {where}: {error.strerror or error}") from error
    except (ValueError, csv.Error) as error:
        raise Refused(f"{what}: {error}") from error


def writable_folder(path):
    """Makes the folder and tries it, so that an hour of work isn't lost for want of a place."""
    try:
        os.makedirs(path, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise Refused(f"cannot write to {path}: {error.strerror}") from error
