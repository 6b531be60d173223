# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entry point of ``python -m verifier`` and ``veche-verify`` (specs/verification.md#verdict)."""

import sys

from verifier.command import main

if __name__ == "__main__":
    sys.exit(main())
