# SPDX-License-Identifier: AGPL-3.0-or-later
"""Points of G1 and G2: one strict decoder for each encoding.

Spec: specs/suite.md#points
"""

from __future__ import annotations

from typing import Final, NewType, TypeVar

from crypto.errors import EncodingError, IdentityPoint, MalformedPoint, NonCanonical, NotInSubgroup
from crypto.group._backend import G1Point, G2Point, Scalar
from crypto.suite import G1_BYTES, G1_COFACTOR, G1_UNCOMPRESSED_BYTES, G2_BYTES

G1: Final = G1Point()
G2: Final = G2Point()
G1_IDENTITY: Final = G1Point.identity()
G2_IDENTITY: Final = G2Point.identity()

Point = TypeVar("Point", G1Point, G2Point)

UnclearedPoint = NewType("UnclearedPoint", G1Point)
"""A point of the curve of G1 that need not lie in the subgroup; no secret may touch it before `clear`."""

_COFACTOR: Final = Scalar.from_be_bytes(G1_COFACTOR.to_bytes(32, "big"))
_ZERO_UNCOMPRESSED: Final = bytes(G1_UNCOMPRESSED_BYTES)
_MIN_TAG_BYTES, _MAX_TAG_BYTES = 16, 255


def decode_g1(data: bytes, *, allow_identity: bool = False) -> G1Point:
    """A point of the subgroup G1 from 48 compressed bytes.

    Raises:
        MalformedPoint, NotInSubgroup, NonCanonical, IdentityPoint.
    """
    return _decode(data, G1Point, G1_BYTES, allow_identity=allow_identity)


def decode_g2(data: bytes) -> G2Point:
    """A point of the subgroup G2 from 96 compressed bytes, not the identity.

    Raises:
        MalformedPoint, NotInSubgroup, NonCanonical, IdentityPoint.
    """
    return _decode(data, G2Point, G2_BYTES, allow_identity=False)


def _decode(data: bytes, group: type[Point], size: int, *, allow_identity: bool) -> Point:
    if len(data) != size:
        raise MalformedPoint(f"a compressed point of this group has {size} bytes, not {len(data)}")
    data = bytes(data)
    try:
        point = group.from_compressed_bytes(data)
    except ValueError:
        raise _why_refused(data, group) from None
    # The checked parser takes several byte strings for the identity; there must be one.
    if point.to_compressed_bytes() != data:
        raise NonCanonical("another encoding of a point that has exactly one")
    if point == group.identity() and not allow_identity:
        raise IdentityPoint("the identity is not allowed here")
    return point


def _why_refused(data: bytes, group: type[G1Point | G2Point]) -> EncodingError:
    try:
        point = group.from_compressed_bytes_unchecked(data)
    except ValueError:
        return MalformedPoint("flags or coordinate are wrong, or no such point is on the curve")
    if not point.is_in_subgroup():
        return NotInSubgroup("the point is not in the subgroup of prime order")
    return MalformedPoint("the point is refused")


def encode_g1(point: G1Point) -> bytes:
    """48 compressed bytes."""
    return point.to_compressed_bytes()


def encode_g2(point: G2Point) -> bytes:
    """96 compressed bytes."""
    return point.to_compressed_bytes()


def decode_uncleared(data: bytes) -> UnclearedPoint:
    """A point of the curve of G1 from 96 uncompressed bytes, *not* checked for the subgroup.

    Only for ballot bodies, whose equations are multiplied by the cofactor.

    Raises:
        MalformedPoint: another length, a coordinate at or above p, off the curve.
        IdentityPoint: 96 zero bytes, which the binding would take for the identity.
    """
    if data == _ZERO_UNCOMPRESSED:
        raise IdentityPoint("zero bytes are not a point of a ballot")
    try:
        return UnclearedPoint(G1Point.from_xy_bytes_unchecked_be(data))
    except ValueError:
        raise MalformedPoint("a coordinate is out of range, or the point is not on the curve") from None


def encode_uncleared(point: G1Point) -> bytes:
    """96 uncompressed bytes.

    Raises:
        IdentityPoint: the identity has no such encoding.
    """
    if point == G1_IDENTITY:
        raise IdentityPoint("the identity has no uncompressed encoding")
    return point.to_xy_bytes_be()


def clear(point: UnclearedPoint) -> G1Point:
    """h times a point of the curve: it lies in the subgroup, whatever the point was.

    The multiplication is plain double-and-add; an endomorphism would give something else outside the subgroup.

    Raises:
        NotInSubgroup: never for a correct binding; checked because a secret may touch the result next.
    """
    cleared = point * _COFACTOR
    if not cleared.is_in_subgroup():
        raise NotInSubgroup("clearing the cofactor did not lead into the subgroup")
    return cleared


def map_to_g1(message: bytes, tag: bytes) -> G1Point:
    """RFC 9380 hash to curve, BLS12381G1_XMD:SHA-256_SSWU_RO_, with domain separation tag `tag`.

    Raises:
        ValueError: a tag shorter than 16 or longer than 255 bytes; the binding would take an empty one.
    """
    if not _MIN_TAG_BYTES <= len(tag) <= _MAX_TAG_BYTES:
        raise ValueError(f"a domain separation tag has {_MIN_TAG_BYTES} to {_MAX_TAG_BYTES} bytes")
    return G1Point.hash_to_curve(message, tag)
