# SPDX-License-Identifier: BSD-2-Clause
"""Options: those of afxdp-engine, with underscores for hyphens."""

from __future__ import annotations

import ctypes
import os

from . import _library
from ._library import lib


class Config:
    """Frees itself; to outlive what is opened with it."""

    def __init__(self, **options) -> None:
        """True and False set a flag, a list gives an option several times, None leaves it out."""
        self.pointer = ctypes.c_void_p()
        _library.check(lib.afxdp_config_new(ctypes.byref(self.pointer)), _library.Error())
        for name, value in options.items():
            for each in value if isinstance(value, (list, tuple)) else [value]:
                if each is not None:
                    self._set(name.replace("_", "-"), each)

    def _set(self, name: str, value) -> None:
        text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        text = os.fsencode(text) if isinstance(text, os.PathLike) else str(text).encode()
        error = _library.Error()
        _library.check(lib.afxdp_config_set(self.pointer, name.encode(), text,
                                            ctypes.byref(error)), error)

    def __del__(self) -> None:
        lib.afxdp_config_free(self.pointer)
