# SPDX-License-Identifier: AGPL-3.0-or-later
"""BLS12-381: scalars, points, multi-scalar multiplication and pairings, each with one strict door.

`Scalar`, `G1Point` and `G2Point` are the types of the binding; outside this package only their operators are used, and
values are made by the functions below (tests/architecture checks it). Not constant-time: see SECURITY.md.

Spec: specs/suite.md#groups
"""

from crypto.group._backend import G1Point, G2Point, Scalar
from crypto.group.multiexp import FixedBase, multiexp_g1
from crypto.group.pairing import pairing_product_is_one, pairings_equal
from crypto.group.points import (
    G1,
    G1_IDENTITY,
    G2,
    G2_IDENTITY,
    UnclearedPoint,
    clear,
    decode_g1,
    decode_g2,
    decode_uncleared,
    encode_g1,
    encode_g2,
    encode_uncleared,
    map_to_g1,
)
from crypto.group.scalars import (
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

__all__ = [
    "G1",
    "G1_IDENTITY",
    "G2",
    "G2_IDENTITY",
    "ONE",
    "ZERO",
    "FixedBase",
    "G1Point",
    "G2Point",
    "Scalar",
    "UnclearedPoint",
    "clear",
    "decode_g1",
    "decode_g2",
    "decode_scalar",
    "decode_uncleared",
    "encode_g1",
    "encode_g2",
    "encode_scalar",
    "encode_uncleared",
    "inverse",
    "lagrange_at_zero",
    "map_to_g1",
    "multiexp_g1",
    "pairing_product_is_one",
    "pairings_equal",
    "random_scalar",
    "random_weight",
    "scalar",
    "scalar_from_wide_bytes",
]
