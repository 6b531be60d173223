# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scalars modulo the group order q.

Spec: specs/suite.md#scalars
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from crypto.errors import MalformedScalar
from crypto.group._backend import Scalar
from crypto.suite import GROUP_ORDER, SCALAR_BYTES

ZERO: Final = Scalar(0)
ONE: Final = Scalar(1)

_WIDE_BYTES: Final = 48
_WEIGHT_BITS: Final = 128


def scalar(value: int) -> Scalar:
    """A scalar from an integer of our own, 0 <= value < q.

    Raises:
        ValueError: out of range. Nothing is reduced: a value that needs it is a mistake.
    """
    if type(value) is not int or not 0 <= value < GROUP_ORDER:
        raise ValueError("a scalar is an integer from 0 to q - 1")
    return Scalar.from_be_bytes(value.to_bytes(SCALAR_BYTES, "big"))


def decode_scalar(data: bytes) -> Scalar:
    """A scalar from 32 big-endian bytes below q.

    Raises:
        MalformedScalar: another length, or q or more.
    """
    if len(data) != SCALAR_BYTES:
        raise MalformedScalar(f"a scalar has {SCALAR_BYTES} bytes, not {len(data)}")
    try:
        return Scalar.from_be_bytes(bytes(data))
    except ValueError:
        raise MalformedScalar("a scalar is not below the group order") from None


def encode_scalar(value: Scalar) -> bytes:
    """32 big-endian bytes."""
    return value.to_be_bytes()


def scalar_from_wide_bytes(data: bytes) -> Scalar:
    """At least 48 uniform bytes, big-endian, reduced modulo q: a bias of at most 2^-128.

    Raises:
        ValueError: fewer bytes.
    """
    if len(data) < _WIDE_BYTES:
        raise ValueError(f"{len(data)} bytes leave a bias; {_WIDE_BYTES} are needed")
    return scalar(int.from_bytes(data, "big") % GROUP_ORDER)


def random_scalar() -> Scalar:
    """A uniform scalar from the system's generator."""
    return scalar(secrets.randbelow(GROUP_ORDER))


def random_weight() -> Scalar:
    """128 random bits, not zero: the weight of one equation in a batch, drawn only after what it weighs is fixed."""
    while True:
        value = secrets.randbits(_WEIGHT_BITS)
        if value:
            return scalar(value)


def inverse(value: Scalar) -> Scalar:
    """1 / value modulo q.

    Raises:
        ValueError: value is zero.
    """
    if value == ZERO:
        raise ValueError("zero has no inverse")
    return value.inverse()


def lagrange_at_zero(indices: Iterable[int]) -> dict[int, Scalar]:
    """The coefficients lambda_j = prod k / (k - j) over the other indices k, for distinct indices from 1.

    Raises:
        ValueError: no index, an index below 1 or not an integer, or one twice.
    """
    distinct = tuple(indices)
    if not distinct or len(set(distinct)) != len(distinct):
        raise ValueError("share indices must be distinct, and there must be some")
    if any(type(index) is not int or not 1 <= index < GROUP_ORDER for index in distinct):
        raise ValueError("a share index is an integer from 1")
    coefficients = {}
    for j in distinct:
        numerator = denominator = 1
        for k in distinct:
            if k != j:
                numerator = numerator * k % GROUP_ORDER
                denominator = denominator * (k - j) % GROUP_ORDER
        coefficients[j] = scalar(numerator * pow(denominator, -1, GROUP_ORDER) % GROUP_ORDER)
    return coefficients
