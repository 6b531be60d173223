# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pairing equations.

Spec: specs/suite.md#groups
"""

from __future__ import annotations

from collections.abc import Sequence

from crypto.group._backend import GT, G1Point, G2Point


def pairing_product_is_one(pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
    """Whether the product of e(P, Q) over all pairs is one.

    Raises:
        ValueError: no pairs: an empty product is one and proves nothing.
    """
    if not pairs:
        raise ValueError("a product over no pairs proves nothing")
    return GT.pairing_check([p for p, _ in pairs], [q for _, q in pairs])


def pairings_equal(p1: G1Point, q1: G2Point, p2: G1Point, q2: G2Point) -> bool:
    """Whether e(p1, q1) = e(p2, q2)."""
    return pairing_product_is_one([(p1, q1), (-p2, q2)])
