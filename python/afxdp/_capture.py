# SPDX-License-Identifier: BSD-2-Clause
"""Captures: their features and verdicts as NumPy arrays."""

from __future__ import annotations

import ctypes
import os

import numpy as np

from . import _library
from ._config import Config
from ._library import lib
from ._model import feature_names

CLASSIFIED, UNSURE = 0, 1
_RESULT = np.dtype([("outcome", "u1"), ("action", "u1"), ("class_index", "<u2"),
                    ("confidence", "<u2")])
_FRAME = np.dtype([("data", "<u8"), ("length", "<u4"), ("wire_length", "<u4"), ("time", "<u8"),
                   ("handle", "<u8"), ("reserved", "<u2"), ("interface", "<u2"), ("link", "<u4")])


def _array(pointer, dtype: np.dtype, count: int) -> np.ndarray:
    """A copy of what lies there."""
    size = count * dtype.itemsize
    return np.frombuffer(ctypes.string_at(pointer, size), dtype=dtype)


def features(capture: str | os.PathLike[str], *, model: str | os.PathLike[str] = "none",
             **options) -> np.ndarray:
    """The features of every packet of a capture that can be classified, as the engine computes them:
    a structured array with `index` (the packet's place in the capture), `time` (ns), the features by
    name, and, with a model, `class` and `confidence` (0 to 1). A model of 28 features has 28.

    Options are those of classification and flows: flows=, flow_timeout=, hosts=, min_confidence=.
    """
    options.setdefault("flow_seed", 0)
    config = Config(model=model, **options)
    engine = _library.new(lib.afxdp_flow_engine_new, config.pointer)
    try:
        return _run(engine, os.fsencode(capture))
    finally:
        lib.afxdp_flow_engine_free(engine)


def _describe(engine) -> tuple[int, list[str] | None]:
    """How many features there are, and the classes."""
    model = lib.afxdp_flow_engine_model(engine)
    if not model:
        return 12, None
    info = _library.ModelInfo()
    lib.afxdp_model_describe(model, ctypes.byref(info))
    return info.feature_count, [lib.afxdp_model_class(model, index).decode()
                                for index in range(info.class_count)]


def _run(engine, path: bytes) -> np.ndarray:
    width, classes = _describe(engine)
    names = feature_names(width)
    row = [("index", "<u8"), ("time", "<u8"), *((name, "<u4") for name in names)]
    if classes:
        row += [("class", f"<U{max(map(len, classes))}"), ("confidence", "<f4")]
    chunks: list[np.ndarray] = []
    seen, failure = 0, []

    def burst(_context, frames, results, values, count) -> int:
        nonlocal seen
        try:
            result = _array(results, _RESULT, count)
            kept = np.flatnonzero(result["outcome"] <= UNSURE)
            chunk = np.zeros(len(kept), dtype=row)
            chunk["index"] = seen + kept
            chunk["time"] = _array(frames, _FRAME, count)["time"][kept]
            table = _array(values, np.dtype("<u4"), count * width).reshape(count, width)[kept]
            for place, name in enumerate(names):
                chunk[name] = table[:, place]
            if classes:
                chunk["class"] = np.array(classes)[result["class_index"][kept]]
                chunk["confidence"] = result["confidence"][kept] / np.float32(1000)
            chunks.append(chunk)
            seen += count
            return 0
        except BaseException as problem:  # pylint: disable=broad-except  # C can't pass it on
            failure.append(problem)
            return 1

    error = _library.Error()
    status = lib.afxdp_flow_engine_capture(engine, path, _library.BurstFunction(burst), None,
                                           ctypes.byref(error))
    if failure:
        raise failure[0]
    _library.check(status, error)
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=row)
