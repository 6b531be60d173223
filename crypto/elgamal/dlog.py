# SPDX-License-Identifier: AGPL-3.0-or-later
"""The total m of R = m (h G): small discrete logarithms by baby steps and giant steps.

Spec: specs/tally.md#result
"""

from __future__ import annotations

from math import isqrt
from typing import Final

from crypto.errors import TallyError
from crypto.group import G1, G1_IDENTITY, G1Point, UnclearedPoint, clear, encode_g1

MARK: Final[G1Point] = clear(UnclearedPoint(G1))
"""h G: what one mark is worth after clearing."""


class DiscreteLog:
    """Logarithms to base h G from 0 to `bound`, with a table of about sqrt(bound) points.

    Args:
        bound: the number of counted ballots.
    """

    __slots__ = ("_baby", "_bound", "_giant", "_step")

    def __init__(self, bound: int) -> None:
        if bound < 0:
            raise ValueError("a bound is not negative")
        self._bound = bound
        self._step = isqrt(bound) + 1
        self._baby: dict[bytes, int] = {}
        point = G1_IDENTITY
        for exponent in range(self._step):
            self._baby[encode_g1(point)] = exponent
            point = point + MARK
        self._giant = point

    def find(self, point: G1Point) -> int:
        """m with point = m (h G), 0 <= m <= bound.

        Raises:
            TallyError: there is none, so a rule was broken before.
        """
        for giant_steps in range(self._step + 1):
            exponent = self._baby.get(encode_g1(point))
            if exponent is not None and giant_steps * self._step + exponent <= self._bound:
                return giant_steps * self._step + exponent
            point = point - self._giant
        raise TallyError(f"a decrypted sum is no number of marks from 0 to {self._bound}")
