#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train.fit, without installing it."""

import sys

from afxdp_train.fit import main

if __name__ == "__main__":
    sys.exit(main())
