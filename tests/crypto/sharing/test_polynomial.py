# SPDX-License-Identifier: AGPL-3.0-or-later
"""Polynomials and their commitments against integers."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import ThresholdNotMet
from crypto.group import G1, G1_IDENTITY, G2, G2_IDENTITY, encode_scalar, scalar
from crypto.sharing.polynomial import add, combine_g1, evaluate, evaluate_commitments, is_identity
from crypto.suite import GROUP_ORDER as Q

COEFFICIENTS = st.lists(st.integers(0, Q - 1), min_size=1, max_size=5)


def value_at(coefficients: list[int], index: int) -> int:
    return sum(a * pow(index, k, Q) for k, a in enumerate(coefficients)) % Q


@given(COEFFICIENTS, st.integers(1, 40))
def test_values_are_those_of_integers(coefficients: list[int], index: int) -> None:
    value = evaluate([scalar(a) for a in coefficients], index)
    assert int.from_bytes(encode_scalar(value), "big") == value_at(coefficients, index)


@settings(max_examples=20)
@given(COEFFICIENTS, st.integers(1, 40))
def test_commitments_give_the_value_times_the_generator(coefficients: list[int], index: int) -> None:
    expected = scalar(value_at(coefficients, index))
    assert evaluate_commitments([G1 * scalar(a) for a in coefficients], index) == G1 * expected
    assert evaluate_commitments([G2 * scalar(a) for a in coefficients], index) == G2 * expected


@pytest.mark.parametrize("index", [0, -1])
def test_attack_41_the_value_at_zero_is_the_secret_and_never_a_share(index: int) -> None:
    with pytest.raises(ValueError, match="a share index is at least 1"):
        evaluate([scalar(7)], index)
    with pytest.raises(ValueError, match="a share index is at least 1"):
        evaluate_commitments([G1], index)


def test_no_commitments() -> None:
    with pytest.raises(ValueError, match="there must be commitments"):
        evaluate_commitments([], 1)


def test_points_of_different_groups_have_no_sum() -> None:
    for left, right in ((G1, G2), (G2, G1)):
        with pytest.raises(TypeError, match="different groups"):
            add(left, right)
    assert (add(G1, -G1), add(G2, -G2)) == (G1_IDENTITY, G2_IDENTITY)
    assert [is_identity(point) for point in (G1, G2, G1_IDENTITY, G2_IDENTITY)] == [False, False, True, True]


def shares_of(coefficients: list[int], count: int) -> dict[int, Any]:
    return {j: G1 * scalar(value_at(coefficients, j)) for j in range(1, count + 1)}


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (1, 3), (2, 2), (3, 5), (4, 6)])
def test_attack_41_every_subset_of_t_combines_alike(threshold: int, count: int) -> None:
    coefficients = list(range(101, 101 + threshold))
    shares = shares_of(coefficients, count)
    for chosen in combinations(shares, threshold):
        assert combine_g1({j: shares[j] for j in chosen}, threshold) == G1 * scalar(101)
    assert combine_g1(dict(reversed(shares.items())), threshold) == G1 * scalar(101)


def test_the_smallest_indices_are_taken() -> None:
    shares = shares_of([5, 6], 4)
    wrong = {**shares, 3: G1, 4: G1}
    assert combine_g1(wrong, 2) == G1 * scalar(5)
    assert combine_g1({j: wrong[j] for j in (2, 3, 4)}, 2) != G1 * scalar(5)


def test_attack_41_one_share_too_few() -> None:
    shares = shares_of([5, 6, 7], 5)
    with pytest.raises(ThresholdNotMet, match="2 shares, 3 are needed") as raised:
        combine_g1({2: shares[2], 5: shares[5]}, 3)
    assert (raised.value.used, raised.value.bad, raised.value.missing) == ({2, 5}, frozenset(), frozenset())
    with pytest.raises(ThresholdNotMet, match="0 shares, 1 are needed"):
        combine_g1({}, 1)
    with pytest.raises(ValueError, match="a threshold is at least 1"):
        combine_g1(shares, 0)
    assert combine_g1({1: shares[1], 2: shares[2]}, 2) != G1 * scalar(5), "a lower threshold gives something else"


@pytest.mark.parametrize("index", [0, -1, Q, Q + 1])
def test_attack_41_shares_with_impossible_indices_are_refused(index: int) -> None:
    shares = {index: G1, 2: G1}
    with pytest.raises(ValueError, match="a share index is an integer from 1"):
        combine_g1(shares, 2)
