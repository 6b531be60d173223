# SPDX-License-Identifier: AGPL-3.0-or-later
"""One strict decoder for each encoding; bad encodings come from ../shared, points outside the subgroup from py_ecc."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc.optimized_bls12_381 import FQ, b, is_on_curve, multiply, normalize
from py_ecc.optimized_bls12_381 import G1 as ECC_G1
from py_ecc.optimized_bls12_381 import G2 as ECC_G2

from crypto.errors import EncodingError, IdentityPoint, MalformedPoint, NonCanonical, NotInSubgroup
from crypto.group import (
    G1,
    G1_IDENTITY,
    G2,
    G2_IDENTITY,
    UnclearedPoint,
    clear,
    decode_g1,
    decode_g2,
    decode_scalar,
    decode_uncleared,
    encode_g1,
    encode_g2,
    encode_uncleared,
    scalar,
)
from crypto.suite import FIELD_MODULUS, G1_COFACTOR, GROUP_ORDER
from tests.generate import plain
from tests.generate.drbg import derive_scalar
from tests.shared_data import shared_text

BAD_ENCODINGS = "vectors/bad-encodings.txt"
REFUSAL = (
    r"has \d+ bytes, not|not below the group order|flags or coordinate are wrong|coordinate is out of range"
    r"|not in the subgroup|another encoding of a point|identity is not allowed|zero bytes are not a point"
)
WHY: dict[type[EncodingError], str] = {
    NotInSubgroup: "is not in the subgroup of prime order",
    IdentityPoint: "the identity is not allowed here",
    NonCanonical: "another encoding of a point that has exactly one",
    MalformedPoint: "flags or coordinate are wrong",
    EncodingError: "not below the group order",
}
DECODERS = (decode_g1, decode_g2, decode_uncleared, decode_scalar)


def bad_encodings() -> list[tuple[str, str, bytes]]:
    """Group, description and bytes of every line."""
    lines = []
    for line in shared_text(BAD_ENCODINGS).splitlines():
        words = line.split()
        place = next(i for i, word in enumerate(words) if len(word) >= 64 and set(word) <= set("0123456789abcdef"))
        lines.append((words[0], " ".join(words[1:place]), bytes.fromhex(words[place])))
    return lines


def test_attack_50_every_bad_encoding_is_refused_by_every_decoder() -> None:
    lines = bad_encodings()
    assert len(lines) >= 14
    for group, what, data in lines:
        for decode in DECODERS:
            with pytest.raises(EncodingError, match=REFUSAL):
                decode(data)
        expected: Any = EncodingError
        if "order" in what or "not in subgroup" in what:
            expected = NotInSubgroup
        elif what == "identity":
            expected = IdentityPoint
        elif "identity" in what:
            expected = NonCanonical
        elif "x=p" in what:
            expected = MalformedPoint
        decode = {"G1": decode_g1, "G2": decode_g2, "scalar": decode_scalar}[group]
        with pytest.raises(expected, match=WHY[expected]):
            decode(data)  # type: ignore[operator]


def test_attack_50_the_identity_is_allowed_in_one_encoding_only() -> None:
    identity = bytes([0xC0]) + bytes(47)
    assert decode_g1(identity, allow_identity=True) == G1_IDENTITY
    assert encode_g1(G1_IDENTITY) == identity
    for group, what, data in bad_encodings():
        if group == "G1" and data != identity:
            with pytest.raises(EncodingError, match=REFUSAL):
                decode_g1(data, allow_identity=True)
            assert what != "identity"


@given(st.binary(min_size=40, max_size=104))
def test_random_bytes_raise_nothing_but_encoding_error(data: bytes) -> None:
    for decode in DECODERS:
        with pytest.raises(EncodingError, match=REFUSAL):
            decode(data)


@given(st.integers(0, 255), st.binary(min_size=47, max_size=47))
def test_random_compressed_bytes_give_one_point_or_encoding_error(first: int, rest: bytes) -> None:
    data = bytes([first]) + rest
    try:
        point = decode_g1(data)
    except EncodingError:
        return
    assert encode_g1(point) == data


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 47, 48, 49, 95, 96, 97, 192])
def test_lengths(size: int) -> None:
    for decode, right in ((decode_g1, 48), (decode_g2, 96), (decode_uncleared, 96), (decode_scalar, 32)):
        if size != right:
            for data in (bytes(size), b"\x80" + b"\x01" * (size - 1) if size else b""):
                with pytest.raises(EncodingError, match=REFUSAL):
                    decode(data)


def ecc_g1(factor: int) -> bytes:
    x, y = normalize(multiply(ECC_G1, factor))
    return int(x).to_bytes(48, "big") + int(y).to_bytes(48, "big")


@pytest.mark.parametrize("factor", [1, 2, 3, GROUP_ORDER - 1, derive_scalar("points factor")])
def test_points_are_those_of_py_ecc(factor: int) -> None:
    point = G1 * scalar(factor)
    expected = ecc_g1(factor)
    assert encode_uncleared(point) == expected
    x, y = int.from_bytes(expected[:48], "big"), int.from_bytes(expected[48:], "big")
    flags = 0x80 | (0x20 if y > FIELD_MODULUS // 2 else 0)
    assert encode_g1(point) == bytes([expected[0] | flags]) + expected[1:48]
    assert decode_g1(encode_g1(point)) == decode_uncleared(expected) == point
    assert x < FIELD_MODULUS
    second = G2 * scalar(factor)
    ecc_x, ecc_y = normalize(multiply(ECC_G2, factor))
    (x0, x1), (y0, y1) = (tuple(map(int, coordinate.coeffs)) for coordinate in (ecc_x, ecc_y))
    larger = (y1, y0) > ((-y1) % FIELD_MODULUS, (-y0) % FIELD_MODULUS)
    data = x1.to_bytes(48, "big") + x0.to_bytes(48, "big")
    assert encode_g2(second) == bytes([data[0] | 0x80 | (0x20 if larger else 0)]) + data[1:]
    assert decode_g2(encode_g2(second)) == second


def test_order_3_points_decode_uncleared_and_only_so() -> None:
    for y in (2, FIELD_MODULUS - 2):
        data = bytes(48) + y.to_bytes(48, "big")
        point = decode_uncleared(data)
        assert encode_uncleared(point) == data
        assert clear(point) == G1_IDENTITY
        with pytest.raises(NotInSubgroup, match="not in the subgroup"):
            decode_g1(encode_g1(point))


def test_attack_50_96_zero_bytes_are_no_point() -> None:
    with pytest.raises(IdentityPoint, match="zero bytes are not a point of a ballot"):
        decode_uncleared(bytes(96))
    with pytest.raises(IdentityPoint, match="has no uncompressed encoding"):
        encode_uncleared(G1_IDENTITY)


@pytest.mark.parametrize("flags", range(1, 8))
def test_uncompressed_points_carry_no_flag_bits(flags: int) -> None:
    data = encode_uncleared(G1)
    with pytest.raises(MalformedPoint, match="out of range, or the point is not on the curve"):
        decode_uncleared(bytes([data[0] | flags << 5]) + data[1:])
    with pytest.raises(MalformedPoint, match="out of range, or the point is not on the curve"):
        decode_uncleared(data[:48] + bytes([data[48] | flags << 5]) + data[49:])


@given(st.integers(0, 2**384 - 1))
def test_uncompressed_points_lie_on_the_curve(y: int) -> None:
    """x of the generator: exactly two values of y are a point."""
    x = encode_uncleared(G1)[:48]
    good = int.from_bytes(encode_uncleared(G1)[48:], "big")
    if y in (good, FIELD_MODULUS - good):
        return
    with pytest.raises(MalformedPoint, match="not on the curve"):
        decode_uncleared(x + y.to_bytes(48, "big"))


@pytest.mark.parametrize("number", range(6))
def test_clearing_is_plain_multiplication_by_h_as_in_py_ecc(number: int) -> None:
    """On points outside the subgroup, where an endomorphism would give something else."""
    starts = plain.curve_points()
    for _ in range(number + 1):
        point = next(starts)
    data = plain.xy(point)
    ecc = (FQ(int.from_bytes(data[:48], "big")), FQ(int.from_bytes(data[48:], "big")), FQ(1))
    assert is_on_curve(ecc, b)
    x, y = normalize(multiply(ecc, G1_COFACTOR))
    cleared = clear(decode_uncleared(data))
    assert encode_uncleared(cleared) == int(x).to_bytes(48, "big") + int(y).to_bytes(48, "big")
    assert decode_g1(encode_g1(cleared)) == cleared


@pytest.mark.parametrize("order", [3, 11, 10177, 859267, 52437899])
def test_clearing_removes_components_of_small_order(order: int) -> None:
    torsion = plain.point_of_order(order)
    assert clear(UnclearedPoint(torsion)) == G1_IDENTITY
    assert clear(UnclearedPoint(G1 + torsion)) == clear(UnclearedPoint(G1)) == G1 * scalar(G1_COFACTOR)
    with pytest.raises(NotInSubgroup, match="not in the subgroup"):
        decode_g1(encode_g1(G1 + torsion))


def test_clearing_the_identity() -> None:
    assert clear(UnclearedPoint(G1_IDENTITY)) == G1_IDENTITY
    assert G2_IDENTITY != G2
