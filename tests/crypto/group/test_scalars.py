# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scalars against integers."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import MalformedScalar
from crypto.group import (
    ONE,
    ZERO,
    decode_scalar,
    encode_scalar,
    inverse,
    lagrange_at_zero,
    random_scalar,
    random_weight,
    scalar,
    scalar_from_wide_bytes,
)
from crypto.suite import GROUP_ORDER as Q

SCALARS = st.integers(0, Q - 1)


def number(value: Any) -> int:
    return int.from_bytes(encode_scalar(value), "big")


@given(SCALARS, SCALARS)
def test_arithmetic_is_that_of_integers_modulo_q(left: int, right: int) -> None:
    a, c = scalar(left), scalar(right)
    assert number(a + c) == (left + right) % Q
    assert number(a - c) == (left - right) % Q
    assert number(a * c) == left * right % Q
    assert number(-a) == -left % Q
    if left:
        assert number(inverse(a)) == pow(left, -1, Q)


@given(SCALARS)
def test_scalars_come_back(value: int) -> None:
    assert encode_scalar(scalar(value)) == value.to_bytes(32, "big")
    assert number(decode_scalar(value.to_bytes(32, "big"))) == value


@given(st.integers(Q, 2**256 - 1))
def test_attack_26_nothing_is_reduced_on_reading(value: int) -> None:
    with pytest.raises(MalformedScalar, match="not below the group order"):
        decode_scalar(value.to_bytes(32, "big"))


@pytest.mark.parametrize("value", [Q, Q + 1, 2**256, -1, True, False, 1.0, "1", None])
def test_attack_26_our_own_integers_are_not_reduced_either(value: Any) -> None:
    """`Scalar(r + 5) == Scalar(5)` and `Scalar(True)` are silent in the binding."""
    with pytest.raises(ValueError, match="an integer from 0 to q - 1"):
        scalar(value)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_scalars_have_32_bytes(size: int) -> None:
    with pytest.raises(MalformedScalar, match=f"a scalar has 32 bytes, not {size}"):
        decode_scalar(bytes(size))


def test_byte_order_is_big_endian() -> None:
    assert encode_scalar(ONE) == bytes(31) + b"\x01"
    assert decode_scalar(bytes(31) + b"\x02") == ONE + ONE


@given(st.binary(min_size=48, max_size=80))
def test_wide_bytes_are_reduced(data: bytes) -> None:
    assert number(scalar_from_wide_bytes(data)) == int.from_bytes(data, "big") % Q


@pytest.mark.parametrize("size", [0, 32, 47])
def test_too_few_wide_bytes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="leave a bias; 48 are needed"):
        scalar_from_wide_bytes(b"\xff" * size)


def test_zero_has_no_inverse() -> None:
    with pytest.raises(ValueError, match="zero has no inverse"):
        inverse(ZERO)


def test_attack_52_weights_are_128_bits_and_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    drawn = iter([0, 0, 2**128 - 1, 1])

    def randbits(bits: int) -> int:
        asked.append(bits)
        return next(drawn)

    monkeypatch.setattr("crypto.group.scalars.secrets.randbits", randbits)
    assert [number(random_weight()), number(random_weight())] == [2**128 - 1, 1]
    assert asked == [128] * 4


def test_random_scalars_differ() -> None:
    assert len({number(random_scalar()) for _ in range(50)}) == 50
    assert max(number(random_weight()) for _ in range(50)) < 2**128


# --- Lagrange


@given(st.lists(SCALARS, min_size=1, max_size=5), st.sets(st.integers(1, 40), min_size=5, max_size=7))
def test_lagrange_gives_the_value_at_zero(coefficients: list[int], indices: set[int]) -> None:
    weights = lagrange_at_zero(indices)
    assert weights.keys() == indices
    shares = {j: sum(a * pow(j, k, Q) for k, a in enumerate(coefficients)) % Q for j in indices}
    assert sum(number(weights[j]) * shares[j] for j in indices) % Q == coefficients[0]


@pytest.mark.parametrize(
    "indices",
    [[], [0], [0, 1], [1, 1], [1, 2, 1], [-1, 2], [Q], [Q + 1, 1], [True, 2], [1.0, 2], ["1", 2]],
    ids=str,
)
def test_attack_41_indices_are_distinct_integers_from_1(indices: list[Any]) -> None:
    with pytest.raises(ValueError, match="share ind"):
        lagrange_at_zero(indices)


def test_attack_41_every_subset_gives_the_same_secret() -> None:
    coefficients = [11, 22, 33]
    shares = {j: sum(a * j**k for k, a in enumerate(coefficients)) for j in range(1, 6)}
    for chosen in combinations(shares, 3):
        weights = lagrange_at_zero(reversed(chosen))
        assert sum(number(weights[j]) * shares[j] for j in chosen) % Q == 11
    for chosen in combinations(shares, 2):
        weights = lagrange_at_zero(chosen)
        assert sum(number(weights[j]) * shares[j] for j in chosen) % Q != 11
