# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making records, true and false, with all keys in hand. `forge(hooks)` gives one."""

from tests.forge.base import BallotSpec, Forge
from tests.forge.script import Script, forge

__all__ = ["BallotSpec", "Forge", "Script", "forge"]
