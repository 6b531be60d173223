# SPDX-License-Identifier: AGPL-3.0-or-later
"""Multi-scalar multiplication and tables against plain multiplication."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.group import G1, G1_IDENTITY, ZERO, FixedBase, multiexp_g1, scalar
from crypto.suite import GROUP_ORDER as Q
from tests.generate import plain

SCALARS = st.integers(0, Q - 1) | st.sampled_from([0, 1, 2, 255, 256, 2**128 - 1, Q - 1, Q // 2])


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 1000), SCALARS), min_size=1, max_size=6))
def test_multiexp_is_the_sum_of_products(pairs: list[tuple[int, int]]) -> None:
    points = [G1 * scalar(base) for base, _ in pairs]
    expected = sum(base * factor for base, factor in pairs) % Q
    assert multiexp_g1(points, [scalar(factor) for _, factor in pairs]) == G1 * scalar(expected)


@settings(max_examples=20)
@given(st.lists(SCALARS, min_size=1, max_size=5))
def test_multiexp_outside_the_subgroup_is_plain_multiplication(factors: list[int]) -> None:
    starts = plain.curve_points()
    points = [next(starts) for _ in factors]
    expected = plain.total(plain.times_integer(point, factor) for point, factor in zip(points, factors, strict=True))
    assert multiexp_g1(points, [scalar(factor) for factor in factors]) == expected


@pytest.mark.parametrize(("points", "scalars"), [(3, 2), (2, 3), (1, 0), (0, 1)])
def test_attack_51_lists_of_different_length_are_refused_and_not_cut(points: int, scalars: int) -> None:
    with pytest.raises(ValueError, match=f"{points} points and {scalars} scalars cannot be combined"):
        multiexp_g1([G1] * points, [scalar(1)] * scalars)


def test_attack_51_nothing_is_no_sum() -> None:
    with pytest.raises(ValueError, match="0 points and 0 scalars cannot be combined"):
        multiexp_g1([], [])


@pytest.mark.parametrize("window", [2, 3, 8])
def test_tables_give_plain_multiplication(window: int) -> None:
    base = G1 * scalar(12345)
    table = FixedBase(base, window)
    for factor in (0, 1, 2, 3, (1 << window) - 1, 1 << window, 2**128, 2**254, Q - 1, Q // 3):
        assert table * scalar(factor) == base * scalar(factor)
    assert table * ZERO == G1_IDENTITY


@settings(max_examples=25)
@given(SCALARS)
def test_a_table_gives_plain_multiplication_for_any_scalar(factor: int) -> None:
    assert TABLE * scalar(factor) == G1 * scalar(factor)


TABLE = FixedBase(G1, 5)


@pytest.mark.parametrize("window", [0, 1, 15])
def test_windows_are_bounded(window: int) -> None:
    with pytest.raises(ValueError, match="a window has 2 to 14 bits"):
        FixedBase(G1, window)
