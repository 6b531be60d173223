# SPDX-License-Identifier: AGPL-3.0-or-later
"""Multi-scalar multiplication, and tables for bases that are used often.

Spec: specs/suite.md#groups
"""

from __future__ import annotations

from collections.abc import Sequence

from crypto.group._backend import G1Point, Scalar
from crypto.group.points import G1_IDENTITY
from crypto.suite import GROUP_ORDER


def multiexp_g1(points: Sequence[G1Point], scalars: Sequence[Scalar]) -> G1Point:
    """The sum of scalars[i] * points[i]; the points may lie outside the subgroup.

    Raises:
        ValueError: no points, or another number of scalars; the binding would cut to the shorter list.
    """
    _check_lengths(points, scalars)
    return G1Point.multiexp_unchecked(list(points), list(scalars))


def _check_lengths(points: Sequence[object], scalars: Sequence[object]) -> None:
    if not points or len(points) != len(scalars):
        raise ValueError(f"{len(points)} points and {len(scalars)} scalars cannot be combined")


class FixedBase:
    """Multiples of one point of G1, so that a multiplication is a few additions.

    Args:
        base: the point.
        window: bits of a digit, 2 to 14. The table holds (2^window - 1) * ceil(255 / window) points: about 1.3 MB at
            8 bits, 14 MB at 12.
    """

    __slots__ = ("_mask", "_rows", "_window")

    def __init__(self, base: G1Point, window: int = 8) -> None:
        if not 2 <= window <= 14:
            raise ValueError("a window has 2 to 14 bits")
        self._window = window
        self._mask = (1 << window) - 1
        self._rows: list[list[G1Point]] = []
        for _ in range(-(-GROUP_ORDER.bit_length() // window)):
            row = [G1_IDENTITY]
            for _ in range(self._mask):
                row.append(row[-1] + base)
            self._rows.append(row)
            base = row[-1] + base

    def __mul__(self, factor: Scalar) -> G1Point:
        digits = int.from_bytes(factor.to_be_bytes(), "big")
        window, mask = self._window, self._mask
        total = G1_IDENTITY
        for row in self._rows:
            digit = digits & mask
            if digit:
                total = total + row[digit]
            digits >>= window
        return total
