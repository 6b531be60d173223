# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fast arithmetic: specs/suite.md#points over py_arkworks_bls12381. No other module imports that library.

What the library does not refuse is refused here: its checked parser takes non-canonical identities, its `Scalar(int)`
reduces, its multi-scalar multiplication cuts to the shorter list, its check of an empty product of pairings is true.
`from_xy_bytes_unchecked_be` checks coordinates and the curve's equation (but takes zeros for the identity); `*` and
`multiexp_unchecked` are plain, so they are right outside the subgroup too (measured, version 0.5.0).
"""

from collections.abc import Sequence

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from verifier.backend import require_pairs
from verifier.errors import EncodingError
from verifier.hashing import g1_tag
from verifier.suite import G1_BYTES, G1_UNCOMPRESSED_BYTES, G2_BYTES

_G1_IDENTITY = G1Point.identity()
_G2_IDENTITY = G2Point.identity()
_COMPRESSED = 0x80
_ZEROS = bytes(G1_UNCOMPRESSED_BYTES)
_from_bytes = Scalar.from_be_bytes
_from_xy = G1Point.from_xy_bytes_unchecked_be


def _scalar(value: int) -> Scalar:
    """Convert without reduction: ValueError or OverflowError at or above q and below 0."""
    return _from_bytes(value.to_bytes(32, "big"))


class FastBackend:
    """`verifier.backend.Backend` over arkworks."""

    name = "fast"

    def g1_generator(self) -> G1Point:
        """Return G."""
        return G1Point()

    def g1_identity(self) -> G1Point:
        """Return the identity of the curve."""
        return _G1_IDENTITY

    def g1_is_identity(self, point: G1Point) -> bool:
        """Tell whether a point is the identity (its truth value in Python says nothing)."""
        return point == _G1_IDENTITY

    def g1_equal(self, left: G1Point, right: G1Point) -> bool:
        """Tell whether two points are the same point of the curve."""
        return left == right

    def g1_decode(self, data: bytes, *, identity: bool = False) -> G1Point:
        """Decode 48 compressed bytes strictly."""
        if len(data) != G1_BYTES or not data[0] & _COMPRESSED:
            message = "a point of G1 is not 48 bytes with the compression flag"
            raise EncodingError(message)
        try:
            point = G1Point.from_compressed_bytes(bytes(data))
        except ValueError as error:
            message = f"{data[:8].hex()}.. is not a point of G1 in the subgroup"
            raise EncodingError(message) from error
        if point.to_compressed_bytes() != data:
            message = f"{data[:8].hex()}.. is not the canonical encoding of its point"
            raise EncodingError(message)
        if point == _G1_IDENTITY and not identity:
            message = "the identity of G1 is not allowed here"
            raise EncodingError(message)
        return point

    def g1_decode_again(self, data: bytes) -> G1Point:
        """Decode 48 bytes that were accepted before; only the subgroup is not checked once more."""
        try:
            point = G1Point.from_compressed_bytes_unchecked(bytes(data))
        except ValueError as error:
            message = f"{data[:8].hex()}.. was never accepted as a point of G1"
            raise EncodingError(message) from error
        if point.to_compressed_bytes() != data:
            message = f"{data[:8].hex()}.. was never accepted as a point of G1"
            raise EncodingError(message)
        return point

    def g1_decode_curve(self, data: bytes) -> G1Point:
        """Decode 96 uncompressed bytes: on the curve, not zeros, not checked for the subgroup."""
        if len(data) != G1_UNCOMPRESSED_BYTES or data == _ZEROS:
            message = "an uncompressed point is not 96 bytes, or all zero"
            raise EncodingError(message)
        try:
            return _from_xy(data)
        except ValueError as error:
            message = f"{data[:8].hex()}.. is not an uncompressed point of the curve"
            raise EncodingError(message) from error

    def g1_decode_curves(self, data: bytes) -> list[G1Point]:
        """Decode a sequence of uncompressed points."""
        size = G1_UNCOMPRESSED_BYTES
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        if _ZEROS in pieces or len(data) % size:
            message = "an uncompressed point is not 96 bytes, or all zero"
            raise EncodingError(message)
        try:
            return [_from_xy(piece) for piece in pieces]
        except ValueError as error:
            message = "an uncompressed point is not on the curve"
            raise EncodingError(message) from error

    def g1_encode(self, point: G1Point) -> bytes:
        """Return 48 compressed bytes."""
        return point.to_compressed_bytes()

    def g1_encode_curve(self, point: G1Point) -> bytes:
        """Return 96 uncompressed bytes; zeros for the identity."""
        return _ZEROS if point == _G1_IDENTITY else point.to_xy_bytes_be()

    def g1_add(self, left: G1Point, right: G1Point) -> G1Point:
        """Return left + right."""
        return left + right

    def g1_add_each(self, left: Sequence[G1Point], right: Sequence[G1Point]) -> list[G1Point]:
        """Return left + right for each pair."""
        return [a + b for a, b in zip(left, right, strict=True)]

    def g1_multiply(self, point: G1Point, scalar: int) -> G1Point:
        """Return the plain multiple."""
        return point * _scalar(scalar)

    def g1_msm(self, points: Sequence[G1Point], scalars: Sequence[int]) -> G1Point:
        """Return the sum of multiples."""
        require_pairs(points, scalars)
        return G1Point.multiexp_unchecked(list(points), [_from_bytes(k.to_bytes(32, "big")) for k in scalars])

    def g2_generator(self) -> G2Point:
        """Return G2."""
        return G2Point()

    def g2_is_identity(self, point: G2Point) -> bool:
        """Tell whether a point is the identity."""
        return point == _G2_IDENTITY

    def g2_decode(self, data: bytes) -> G2Point:
        """Decode 96 compressed bytes strictly; the identity is refused."""
        if len(data) != G2_BYTES or not data[0] & _COMPRESSED:
            message = "a point of G2 is not 96 bytes with the compression flag"
            raise EncodingError(message)
        try:
            point = G2Point.from_compressed_bytes(bytes(data))
        except ValueError as error:
            message = f"{data[:8].hex()}.. is not a point of G2 in the subgroup"
            raise EncodingError(message) from error
        if point.to_compressed_bytes() != data or point == _G2_IDENTITY:
            message = f"{data[:8].hex()}.. is not the canonical encoding of a point of G2 other than the identity"
            raise EncodingError(message)
        return point

    def g2_encode(self, point: G2Point) -> bytes:
        """Return 96 compressed bytes."""
        return point.to_compressed_bytes()

    def g2_add(self, left: G2Point, right: G2Point) -> G2Point:
        """Return left + right."""
        return left + right

    def g2_msm(self, points: Sequence[G2Point], scalars: Sequence[int]) -> G2Point:
        """Return the sum of multiples."""
        require_pairs(points, scalars)
        return G2Point.multiexp_unchecked(list(points), [_scalar(k) for k in scalars])

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        """Tell whether the product of the pairings is one."""
        require_pairs(pairs, pairs)
        return GT.pairing_check([left for left, _ in pairs], [right for _, right in pairs])

    def hash_to_g1(self, label: bytes, message: bytes) -> G1Point:
        """Return ``hash_to_g1(label, message)``."""
        return G1Point.hash_to_curve(message, g1_tag(label))


BACKEND = FastBackend()
