# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small discrete logarithms to base h G, and nothing beyond the bound."""

from __future__ import annotations

import pytest

from crypto.elgamal.dlog import MARK, DiscreteLog
from crypto.errors import TallyError
from crypto.group import G1, G1_IDENTITY
from tests.generate import plain
from tests.generate.plain import COFACTOR, times


def marks(m: int) -> object:
    return times(plain.G1, m * COFACTOR)


def test_one_mark_is_h_times_the_generator() -> None:
    assert marks(1) == MARK == plain.cleared(plain.G1)


@pytest.mark.parametrize("bound", [0, 1, 2, 3, 4, 5, 8, 9, 10, 24, 25, 26, 99, 100, 101])
def test_everything_up_to_the_bound_is_found_and_nothing_beyond(bound: int) -> None:
    logarithm = DiscreteLog(bound)
    for m in range(bound + 1):
        assert logarithm.find(marks(m)) == m  # type: ignore[arg-type]
    for m in (bound + 1, bound + 2, bound + 3, 2 * bound + 5, -1):
        with pytest.raises(TallyError, match=f"no number of marks from 0 to {bound}"):
            logarithm.find(marks(m))  # type: ignore[arg-type]


def test_a_large_bound() -> None:
    logarithm = DiscreteLog(1_000_000)
    for m in (0, 1, 999, 1000, 1001, 999_999, 1_000_000):
        assert logarithm.find(marks(m)) == m  # type: ignore[arg-type]
    with pytest.raises(TallyError, match="from 0 to 1000000"):
        logarithm.find(marks(1_000_001))  # type: ignore[arg-type]


def test_attack_46_what_is_no_multiple_of_a_mark_ends() -> None:
    """An uncleared or spoilt sum has no logarithm; the search is bounded and says so."""
    logarithm = DiscreteLog(50)
    for point in (G1, -MARK, MARK + plain.point_of_order(3), plain.point_of_order(3), times(plain.G1, 12345)):
        with pytest.raises(TallyError, match="a decrypted sum is no number of marks"):
            logarithm.find(point)
    assert logarithm.find(G1_IDENTITY) == 0


def test_a_bound_is_not_negative() -> None:
    with pytest.raises(ValueError, match="a bound is not negative"):
        DiscreteLog(-1)
