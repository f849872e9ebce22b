# SPDX-License-Identifier: BSD-2-Clause
"""Recordings of our own: real programs that talk between network namespaces, with labels."""
