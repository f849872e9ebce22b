#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train.report, without installing it."""

import sys

from afxdp_train import launch

if __name__ == "__main__":
    sys.exit(launch.main("report"))
