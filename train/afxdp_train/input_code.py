# SPDX-License-Identifier: BSD-2-Clause
"""The input code of the design page in numpy: a check of `afxdp-model code`, which defines it."""

import json

import numpy as np

ENTRIES = 464
TOP = 127


def index_of(values):
    """Table index of each unsigned 32-bit value: exact below 16, four bits of mantissa above."""
    values = np.asarray(values, np.int64)
    exponent = np.frexp(np.maximum(values, 1).astype(np.float64))[1] - 1  # exact below 2**53
    high = ((exponent - 3) << 4) + ((values >> np.maximum(exponent - 4, 0)) & 15)
    return np.where(values < 16, values, high)


def table_of(values):
    """464 entries: the mean of rank and place among the indices seen, stretched to 0..127."""
    count = np.bincount(index_of(values), minlength=ENTRIES)
    below = np.cumsum(count) - count
    rank = (below + count / 2) / max(len(values), 1)
    seen = count > 0
    place = (np.cumsum(seen) - 1) / max(seen.sum() - 1, 1)
    raw = (rank + place) / 2
    # An index never seen takes the entry of the next one seen below it.
    held = np.maximum.accumulate(np.where(seen, raw, -1.0))
    low, high = raw[seen].min(), raw[seen].max()
    held = np.where(held < 0, low, held)
    if high == low:
        return np.zeros(ENTRIES, np.int64)
    return np.floor((held - low) / (high - low) * TOP + 0.5).astype(np.int64)


def tables_of(x):
    return np.stack([table_of(x[:, i]) for i in range(x.shape[1])])


def apply(tables, x):
    """Codes 0..127 of [N, features] integers, int64."""
    return np.stack([tables[i][index_of(x[:, i])] for i in range(x.shape[1])], axis=1)


def to_json(tables, features):
    return json.dumps({"version": 1, "features": list(features),
                       "tables": [row.tolist() for row in tables]})


def from_json(text, features):
    content = json.loads(text)
    if content.get("version") != 1 or content.get("features") != list(features):
        raise ValueError("not an input code of these features")
    return np.array(content["tables"], np.int64)
