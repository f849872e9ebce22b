# SPDX-License-Identifier: BSD-2-Clause
"""Models: rows of features in, classes out."""

from __future__ import annotations

import ctypes
import os

import numpy as np

from . import _library
from ._library import lib


def feature_names(count: int = _library.FEATURES_MAX) -> tuple[str, ...]:
    """The names of the first `count` features, in the order of a row."""
    names = (lib.afxdp_feature_name(index) for index in range(count))
    return tuple(name.decode() for name in names if name is not None)


class Model:
    """A .q8 model: a file, or the name of a shipped one. Read-only; threads may share it.

    >>> model = Model("models/nn1.q8")
    >>> model.predict([[40000, 22, 6, 60, 0, 1, 15360, 0, 65536, 0, 0, 0]])  # doctest: +SKIP
    array(['bruteforce'], dtype='<U13')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._model = _library.new(lib.afxdp_model_open, os.fsencode(path))
        info = _library.ModelInfo()
        lib.afxdp_model_describe(self._model, ctypes.byref(info))
        self.path: str = os.fsdecode(info.path)
        self.kind: str = info.kind.decode()
        self.variant: str = info.variant.decode()
        self.checksum: int = info.checksum
        self.n_features_in_: int = info.feature_count
        self.feature_names_in_ = np.array(feature_names(info.feature_count))
        self.classes_ = np.array([lib.afxdp_model_class(self._model, index).decode()
                                  for index in range(info.class_count)])

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            lib.afxdp_model_close(self._model)
            self._model = None

    def __repr__(self) -> str:
        return f"Model({self.path!r}, {self.kind}, {self.variant}, checksum {self.checksum:08x})"

    def rows(self, X) -> np.ndarray:
        """X as the model reads it: (n, n_features_in_), unsigned integers of 32 bits. Takes what
        `features` returns, and anything that NumPy takes for an array of whole numbers."""
        X = np.asarray(X)
        if X.dtype.names is not None:
            lacking = [name for name in self.feature_names_in_ if name not in X.dtype.names]
            if lacking:
                raise ValueError(f"feature '{lacking[0]}' is missing")
            X = np.stack([X[name] for name in self.feature_names_in_], axis=-1)
        if X.ndim != 2 or X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has the shape {X.shape}; rows of {self.n_features_in_} features "
                             "are needed")
        if X.dtype == np.uint32:
            return np.ascontiguousarray(X)
        if X.size and not (np.issubdtype(X.dtype, np.number) and np.all((X >= 0) & (X < 2**32))
                           and np.all(X == np.floor(X))):
            raise ValueError("features are whole numbers from 0 to 4294967295")
        return np.ascontiguousarray(X, dtype=np.uint32)

    def _verdicts(self, X) -> np.ndarray:
        rows = self.rows(X)
        verdicts = np.zeros(len(rows), dtype=[("class_index", "<u2"), ("confidence", "<u2")])
        lib.afxdp_model_classify(self._model,
                                 rows.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)), len(rows),
                                 verdicts.ctypes.data_as(ctypes.POINTER(_library.Verdict)))
        return verdicts

    def predict(self, X) -> np.ndarray:
        """The class of each row, by name."""
        return self.classes_[self._verdicts(X)["class_index"]]

    def predict_confidence(self, X) -> np.ndarray:
        """How often verdicts like that of each row were right on the calibration rows, 0 to 1."""
        return self._verdicts(X)["confidence"] / 1000
