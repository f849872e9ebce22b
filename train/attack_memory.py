#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp_train.attack_memory, without installing it."""

import sys

from afxdp_train.attack_memory import main

if __name__ == "__main__":
    sys.exit(main())
