# SPDX-License-Identifier: BSD-2-Clause
"""Captures, packets and flows read in Python alone. It shares no code with the engine: training
holds afxdp-features to it, and the project's tests hold the rest."""
