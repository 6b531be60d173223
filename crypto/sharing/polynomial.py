# SPDX-License-Identifier: AGPL-3.0-or-later
"""Polynomials over the scalars, and their commitments.

Spec: specs/key-ceremony.md#derived-keys
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from crypto.errors import ThresholdNotMet
from crypto.group import (
    G1_IDENTITY,
    G2_IDENTITY,
    ZERO,
    G1Point,
    G2Point,
    Scalar,
    lagrange_at_zero,
    multiexp_g1,
    scalar,
)

AnyPoint: TypeAlias = G1Point | G2Point


def evaluate(coefficients: Sequence[Scalar], index: int) -> Scalar:
    """The sum of coefficients[k] * index^k, for a party index from 1.

    Raises:
        ValueError: an index below 1: the value at 0 is the secret.
    """
    if index < 1:
        raise ValueError("a share index is at least 1")
    point, total = scalar(index), ZERO
    for coefficient in reversed(coefficients):
        total = total * point + coefficient
    return total


def evaluate_commitments(commitments: Sequence[AnyPoint], index: int) -> AnyPoint:
    """The sum of index^k * commitments[k], all of one group: the public counterpart of `evaluate`.

    Raises:
        ValueError: an index below 1, or no commitments.
    """
    if index < 1 or not commitments:
        raise ValueError("a share index is at least 1, and there must be commitments")
    point = scalar(index)
    total = commitments[-1]
    for commitment in reversed(commitments[:-1]):
        total = add(total * point, commitment)
    return total


def add(left: AnyPoint, right: AnyPoint) -> AnyPoint:
    """The sum of two points of one group, for code that serves both.

    Raises:
        TypeError: they are of different groups.
    """
    if isinstance(left, G1Point) and isinstance(right, G1Point):
        return left + right
    if isinstance(left, G2Point) and isinstance(right, G2Point):
        return left + right
    raise TypeError("points of different groups have no sum")


def combine_g1(shares: Mapping[int, G1Point], threshold: int) -> G1Point:
    """The sum of lambda_j shares[j] over the `threshold` smallest indices.

    Raises:
        ThresholdNotMet: fewer shares.
    """
    chosen = _choose(shares, threshold)
    coefficients = lagrange_at_zero(chosen)
    return multiexp_g1([shares[j] for j in chosen], [coefficients[j] for j in chosen])


def _choose(shares: Mapping[int, object], threshold: int) -> list[int]:
    if threshold < 1:
        raise ValueError("a threshold is at least 1")
    if len(shares) < threshold:
        raise ThresholdNotMet(f"{len(shares)} shares, {threshold} are needed", used=shares.keys(), bad=(), missing=())
    return sorted(shares)[:threshold]


def is_identity(point: AnyPoint) -> bool:
    """Whether a point is the identity of its group."""
    return point in (G1_IDENTITY, G2_IDENTITY)
