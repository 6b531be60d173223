# SPDX-License-Identifier: AGPL-3.0-or-later
"""Standalone verifier of Veche elections.

Written from the specification alone (specs/verification.md#checks is its table of contents); it shares no code with the
programs that run an election, and needs only the libraries of ``requirements.txt``.
"""

from typing import Final

VERSION: Final = "1.0.0"
