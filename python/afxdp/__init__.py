# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-engine from Python: models on NumPy arrays, captures to features, datapaths.

Needs libafxdp-engine.so.0 (docs/python.md)."""

from ._capture import features
from ._engine import Engine
from ._library import EngineError, Totals
from ._model import Model, feature_names

__all__ = ["Engine", "EngineError", "Model", "Totals", "feature_names", "features"]
