# SPDX-License-Identifier: BSD-2-Clause
"""From captures to models for afxdp-engine: rows, splits, training, export and evaluation.

A model of another kind is one entry of models.KINDS; one that ships, one of models.SHIPPED."""
