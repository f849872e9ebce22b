#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train.train, without installing it."""

import sys

from afxdp_train.train import main

if __name__ == "__main__":
    sys.exit(main())
