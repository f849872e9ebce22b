# SPDX-License-Identifier: BSD-2-Clause
"""libafxdp-engine as ctypes sees it: the declarations of afxdp_engine.h, and errors as exceptions."""

from __future__ import annotations

import ctypes
import errno
import os

FEATURES_MAX = 28


class EngineError(OSError):
    """What the library refused or what failed, in its own words."""


class Error(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char * 512)]


class ModelInfo(ctypes.Structure):
    _fields_ = [("path", ctypes.c_char_p), ("kind", ctypes.c_char_p), ("variant", ctypes.c_char_p),
                ("checksum", ctypes.c_uint32), ("feature_count", ctypes.c_uint32),
                ("class_count", ctypes.c_uint32)]


class Verdict(ctypes.Structure):
    _fields_ = [("class_index", ctypes.c_uint16), ("confidence", ctypes.c_uint16)]


class Frame(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_uint32),
                ("wire_length", ctypes.c_uint32), ("time", ctypes.c_uint64),
                ("handle", ctypes.c_uint64), ("reserved", ctypes.c_uint16), ("interface", ctypes.c_uint16),
                ("link", ctypes.c_uint32)]


class Result(ctypes.Structure):
    _fields_ = [("outcome", ctypes.c_uint8), ("action", ctypes.c_uint8), ("verdict", Verdict)]


class Totals(ctypes.Structure):
    """Sums since the start; every packet is in exactly one of the last six."""

    _fields_ = [(name, ctypes.c_uint64)
                for name in ("packets", "bytes", "flows", "evictions", "dropped", "limited",
                             "forwarded", "passed", "consumed", "failed")]

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{name}={getattr(self, name)}' for name, _ in self._fields_)})"


MessageFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
BurstFunction = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Frame),
                                 ctypes.POINTER(Result), ctypes.POINTER(ctypes.c_uint32),
                                 ctypes.c_uint32)


EventFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class Callbacks(ctypes.Structure):
    _fields_ = [("message", MessageFunction), ("event", EventFunction), ("burst", ctypes.c_void_p),
                ("context", ctypes.c_void_p)]


def _load() -> ctypes.CDLL:
    """AFXDP_LIBRARY names another one than the installed."""
    return ctypes.CDLL(os.environ.get("AFXDP_LIBRARY", "libafxdp-engine.so.0"), use_errno=True)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    error, out = ctypes.POINTER(Error), ctypes.POINTER(pointer)
    integers = ctypes.POINTER(ctypes.c_uint32)
    for name, result, arguments in (
            ("config_new", number, [out]),
            ("config_free", None, [pointer]),
            ("config_set", number, [pointer, text, text, error]),
            ("config_read", number, [pointer, text, error]),
            ("model_open", number, [out, text, error]),
            ("model_close", None, [pointer]),
            ("model_describe", None, [pointer, ctypes.POINTER(ModelInfo)]),
            ("model_class", text, [pointer, ctypes.c_uint32]),
            ("feature_name", text, [ctypes.c_uint32]),
            ("model_classify", None, [pointer, integers, ctypes.c_size_t,
                                      ctypes.POINTER(Verdict)]),
            ("flow_engine_new", number, [out, pointer, error]),
            ("flow_engine_free", None, [pointer]),
            ("flow_engine_model", pointer, [pointer]),
            ("flow_engine_classify", None, [pointer, ctypes.POINTER(Frame), ctypes.c_uint32,
                                            ctypes.POINTER(Result), integers]),
            ("flow_engine_capture", number, [pointer, text, BurstFunction, pointer, error]),
            ("flow_engine_read", None, [pointer, ctypes.POINTER(Totals)]),
            ("datapath_open", number, [out, pointer, ctypes.POINTER(Callbacks), error]),
            ("datapath_start", number, [pointer, error]),
            ("datapath_poll", number, [pointer, ctypes.c_uint, error]),
            ("datapath_reload", number, [pointer, error]),
            ("datapath_read", None, [pointer, ctypes.POINTER(Totals)]),
            ("datapath_report", pointer, [pointer]),
            ("datapath_stop", None, [pointer]),
            ("datapath_close", None, [pointer])):
        function = getattr(library, f"afxdp_{name}")
        function.restype, function.argtypes = result, arguments
    return library


lib = _declare(_load())


def check(status: int, error: Error) -> int:
    """Raises what failed: FileNotFoundError, PermissionError, ValueError for what was asked wrongly,
    EngineError for the rest."""
    if status >= 0:
        return status
    text = error.text.decode(errors="replace") or os.strerror(-status)
    if status in (-errno.EINVAL, -errno.EBADMSG, -errno.ENAMETOOLONG):
        raise ValueError(text)
    for kind, number in ((FileNotFoundError, errno.ENOENT), (PermissionError, errno.EPERM),
                         (PermissionError, errno.EACCES)):
        if status == -number:
            raise kind(number, text)
    if status == -errno.ENOMEM:
        raise MemoryError(text)
    raise EngineError(-status, text)


def new(function, *arguments) -> ctypes.c_void_p:
    """Calls a constructor that takes an error."""
    out, error = ctypes.c_void_p(), Error()
    check(function(ctypes.byref(out), *arguments, ctypes.byref(error)), error)
    return out
