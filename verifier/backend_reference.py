# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reference arithmetic: specs/suite.md#points over py_ecc, in Python only.

Slow and easy to follow: the decoders are written out here (py_ecc's check no subgroup and misjudge the points of order
3), multi-scalar multiplications are Straus's for few points and Pippenger's for many, pairings share one final
exponentiation.
"""

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381.optimized_curve import G1 as GENERATOR_1
from py_ecc.optimized_bls12_381.optimized_curve import G2 as GENERATOR_2
from py_ecc.optimized_bls12_381.optimized_curve import Z1, Z2, add, double, eq, is_inf, multiply, normalize
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing

from verifier.backend import require_pairs
from verifier.errors import EncodingError
from verifier.hashing import g1_tag
from verifier.suite import FIELD_PRIME, G1_BYTES, G1_UNCOMPRESSED_BYTES, G2_BYTES, GROUP_ORDER

Point = Any
"""py_ecc's projective triple of FQ or FQ2."""

_COMPRESSED, _INFINITY, _LARGER = 0x80, 0x40, 0x20
_FLAGS = _COMPRESSED | _INFINITY | _LARGER
_HALF = (FIELD_PRIME - 1) // 2
_CACHED_POINTS = 8192
_FEW_POINTS = 12
_STRAUS_BITS = 4


def _refuse(reason: str, data: bytes) -> NoReturn:
    message = f"{data[:8].hex()}..: {reason}"
    raise EncodingError(message)


def _is_larger(coordinate: tuple[int, ...]) -> bool:
    """Tell whether y is the larger of y and -y, coefficients compared from the highest."""
    for coefficient in reversed(coordinate):
        if coefficient:
            return coefficient > _HALF
    return False


def _sqrt(value: int) -> int | None:
    """Return a square root modulo p (p = 3 mod 4), or None."""
    root = pow(value, (FIELD_PRIME + 1) // 4, FIELD_PRIME)
    return root if root * root % FIELD_PRIME == value % FIELD_PRIME else None


def _sqrt2(real: int, imaginary: int) -> tuple[int, int] | None:
    """Return a square root of ``real + imaginary i`` in the field of p^2 elements, or None (the complex method)."""
    p = FIELD_PRIME
    if imaginary % p == 0:
        root = _sqrt(real)
        if root is not None:
            return root, 0
        root = _sqrt(-real)
        return None if root is None else (0, root)
    norm = _sqrt(real * real + imaginary * imaginary)
    if norm is None:
        return None
    for sign in (norm, -norm):
        first = _sqrt((real + sign) * pow(2, -1, p))
        if first:
            return first, imaginary * pow(2 * first, -1, p) % p
    return None


def _split_flags(data: bytes, size: int) -> tuple[bool, bool, bytes]:
    """Return (infinity, larger y, coordinate bytes) of a compressed point.

    Raises:
        EncodingError: length, compression flag, or bits beside the infinity flag.

    """
    if len(data) != size:
        _refuse(f"{len(data)} bytes where {size} are needed", data)
    if not data[0] & _COMPRESSED:
        _refuse("the compression flag is not set", data)
    rest = bytes([data[0] & ~_FLAGS]) + data[1:]
    infinity, larger = bool(data[0] & _INFINITY), bool(data[0] & _LARGER)
    if infinity and (larger or any(rest)):
        _refuse("bits beside the infinity flag", data)
    return infinity, larger, rest


def _msm(points: Sequence[Point], scalars: Sequence[int], zero: Point) -> Point:
    """Return the sum of multiples; plain, so right outside the subgroup."""
    require_pairs(points, scalars)
    if any(not 0 <= scalar < GROUP_ORDER for scalar in scalars):
        message = "a scalar outside 0 to q - 1"
        raise ValueError(message)
    length = max(scalar.bit_length() for scalar in scalars)
    window_sum = _straus(points, zero) if len(points) < _FEW_POINTS else _buckets
    width = _STRAUS_BITS
    if len(points) >= _FEW_POINTS:
        width = min(range(2, 14), key=lambda w: -(-length // w) * (len(points) + 2 ** (w + 1)))
    total = zero
    for shift in reversed(range(0, length, width)):
        if not is_inf(total):
            for _ in range(width):
                total = double(total)
        digits = [(scalar >> shift) & ((1 << width) - 1) for scalar in scalars]
        total = add(total, window_sum(points, digits, zero))
    return total


def _straus(points: Sequence[Point], zero: Point) -> Callable[[Sequence[Point], list[int], Point], Point]:
    """Prepare tables of small multiples; return a function that adds up one window from them."""
    tables = []
    for point in points:
        table = [zero, point]
        for _ in range(2, 1 << _STRAUS_BITS):
            table.append(add(table[-1], point))
        tables.append(table)

    def window_sum(_: Sequence[Point], digits: list[int], start: Point) -> Point:
        for table, digit in zip(tables, digits, strict=True):
            if digit:
                start = add(start, table[digit])
        return start

    return window_sum


def _buckets(points: Sequence[Point], digits: list[int], zero: Point) -> Point:
    """Add up one window by Pippenger's buckets: sum_d d * (sum of the points with digit d)."""
    buckets: dict[int, Point] = {}
    for point, digit in zip(points, digits, strict=True):
        if digit:
            buckets[digit] = add(buckets[digit], point) if digit in buckets else point
    running = window = zero
    for digit in range(max(buckets, default=0), 0, -1):
        if digit in buckets:
            running = add(running, buckets[digit])
        window = add(window, running)
    return window


class ReferenceBackend:
    """`verifier.backend.Backend` over py_ecc."""

    name = "reference"

    def g1_generator(self) -> Point:
        """Return G."""
        return GENERATOR_1

    def g1_identity(self) -> Point:
        """Return the identity of the curve."""
        return Z1

    def g1_is_identity(self, point: Point) -> bool:
        """Tell whether a point is the identity."""
        return bool(is_inf(point))

    def g1_equal(self, left: Point, right: Point) -> bool:
        """Tell whether two points are the same point of the curve."""
        if is_inf(left) or is_inf(right):
            return bool(is_inf(left) and is_inf(right))
        return bool(eq(left, right))

    def g1_decode(self, data: bytes, *, identity: bool = False) -> Point:
        """Decode 48 compressed bytes strictly."""
        point = _decode_g1(bytes(data))
        if is_inf(point) and not identity:
            _refuse("the identity of G1 is not allowed here", data)
        return point

    def g1_decode_again(self, data: bytes) -> Point:
        """Decode 48 bytes that were accepted before (mostly from the cache of decoded points)."""
        return _decode_g1(bytes(data))

    def g1_decode_curve(self, data: bytes) -> Point:
        """Decode 96 uncompressed bytes: on the curve, not zeros, not checked for the subgroup."""
        if len(data) != G1_UNCOMPRESSED_BYTES:
            _refuse("an uncompressed point is not 96 bytes", data)
        x, y = int.from_bytes(data[:48], "big"), int.from_bytes(data[48:], "big")
        if x >= FIELD_PRIME or y >= FIELD_PRIME:
            _refuse("a coordinate is not below p", data)
        if (y * y - x * x * x - 4) % FIELD_PRIME:  # so are 96 zero bytes: (0, 0) is not on the curve
            _refuse("not a point of the curve", data)
        return FQ(x), FQ(y), FQ(1)

    def g1_decode_curves(self, data: bytes) -> list[Point]:
        """Decode a sequence of uncompressed points."""
        return [self.g1_decode_curve(data[at : at + 96]) for at in range(0, len(data), 96)]

    def g1_encode(self, point: Point) -> bytes:
        """Return 48 compressed bytes."""
        if is_inf(point):
            return bytes([_COMPRESSED | _INFINITY]) + bytes(G1_BYTES - 1)
        x, y = (int(coordinate) for coordinate in normalize(point))
        data = bytearray(x.to_bytes(G1_BYTES, "big"))
        data[0] |= _COMPRESSED | (_LARGER if _is_larger((y,)) else 0)
        return bytes(data)

    def g1_encode_curve(self, point: Point) -> bytes:
        """Return 96 uncompressed bytes; zeros for the identity."""
        if is_inf(point):
            return bytes(G1_UNCOMPRESSED_BYTES)
        x, y = (int(coordinate) for coordinate in normalize(point))
        return x.to_bytes(48, "big") + y.to_bytes(48, "big")

    def g1_add(self, left: Point, right: Point) -> Point:
        """Return left + right."""
        return add(left, right)

    def g1_add_each(self, left: Sequence[Point], right: Sequence[Point]) -> list[Point]:
        """Return left + right for each pair."""
        return [add(a, b) for a, b in zip(left, right, strict=True)]

    def g1_multiply(self, point: Point, scalar: int) -> Point:
        """Return the plain multiple."""
        if not 0 <= scalar < GROUP_ORDER:
            message = "a scalar outside 0 to q - 1"
            raise ValueError(message)
        return multiply(point, scalar)

    def g1_msm(self, points: Sequence[Point], scalars: Sequence[int]) -> Point:
        """Return the sum of multiples."""
        return _msm(points, scalars, Z1)

    def g2_generator(self) -> Point:
        """Return G2."""
        return GENERATOR_2

    def g2_is_identity(self, point: Point) -> bool:
        """Tell whether a point is the identity."""
        return bool(is_inf(point))

    def g2_decode(self, data: bytes) -> Point:
        """Decode 96 compressed bytes strictly; the identity is refused."""
        return _decode_g2(bytes(data))

    def g2_encode(self, point: Point) -> bytes:
        """Return 96 compressed bytes, the imaginary coefficient first."""
        if is_inf(point):
            return bytes([_COMPRESSED | _INFINITY]) + bytes(G2_BYTES - 1)
        x, y = (tuple(int(c) for c in coordinate.coeffs) for coordinate in normalize(point))
        data = bytearray(x[1].to_bytes(48, "big") + x[0].to_bytes(48, "big"))
        data[0] |= _COMPRESSED | (_LARGER if _is_larger(y) else 0)
        return bytes(data)

    def g2_add(self, left: Point, right: Point) -> Point:
        """Return left + right."""
        return add(left, right)

    def g2_msm(self, points: Sequence[Point], scalars: Sequence[int]) -> Point:
        """Return the sum of multiples."""
        return _msm(points, scalars, Z2)

    def pairing_product_is_one(self, pairs: Sequence[tuple[Point, Point]]) -> bool:
        """Tell whether the product of the pairings is one: Miller loops, then one final exponentiation."""
        require_pairs(pairs, pairs)
        product = FQ12.one()
        for left, right in pairs:
            product = product * pairing(right, left, final_exponentiate=False)
        return bool(final_exponentiate(product) == FQ12.one())

    def hash_to_g1(self, label: bytes, message: bytes) -> Point:
        """Return ``hash_to_g1(label, message)``."""
        return _hash_to_g1(label, bytes(message))


@functools.lru_cache(_CACHED_POINTS)
def _decode_g1(data: bytes) -> Point:
    infinity, larger, rest = _split_flags(data, G1_BYTES)
    if infinity:
        return Z1
    x = int.from_bytes(rest, "big")
    if x >= FIELD_PRIME:
        _refuse("the coordinate is not below p", data)
    y = _sqrt(x * x * x + 4)
    if y is None:
        _refuse("not a point of the curve", data)
    if _is_larger((y,)) != larger:
        y = FIELD_PRIME - y  # y is never 0: the curve has no point of order 2
    point = (FQ(x), FQ(y), FQ(1))
    if not _is_in_subgroup(point):
        _refuse("not in the subgroup of order q", data)
    return point


@functools.lru_cache(_CACHED_POINTS)
def _decode_g2(data: bytes) -> Point:
    infinity, larger, rest = _split_flags(data, G2_BYTES)
    if infinity:
        _refuse("the identity of G2 is not allowed here", data)
    x = (int.from_bytes(rest[48:], "big"), int.from_bytes(rest[:48], "big"))
    if max(x) >= FIELD_PRIME:
        _refuse("a coordinate is not below p", data)
    right = FQ2(x) * FQ2(x) * FQ2(x) + FQ2((4, 4))
    y = _sqrt2(*(int(coefficient) for coefficient in right.coeffs))
    if y is None:
        _refuse("not a point of the curve", data)
    if _is_larger(y) != larger:
        y = (-y[0] % FIELD_PRIME, -y[1] % FIELD_PRIME)
    if _is_larger(y) != larger:
        _refuse("y has no sign", data)
    point = (FQ2(x), FQ2(y), FQ2((1, 0)))
    if not _is_in_subgroup(point):
        _refuse("not in the subgroup of order q", data)
    return point


def _is_in_subgroup(point: Point) -> bool:
    """Multiply by q, plainly."""
    zero = Z1 if isinstance(point[0], FQ) else Z2
    return bool(is_inf(add(_msm((point,), (GROUP_ORDER - 1,), zero), point)))


@functools.lru_cache(_CACHED_POINTS)
def _hash_to_g1(label: bytes, message: bytes) -> Point:
    return hash_to_G1(message, g1_tag(label), hashlib.sha256)  # type: ignore[arg-type]


BACKEND = ReferenceBackend()
