#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train.report, without installing it."""

import sys

from afxdp_train.report import main

if __name__ == "__main__":
    sys.exit(main())
