# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sums of ciphertexts."""

from __future__ import annotations

import pytest

from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.errors import EncodingError, IdentityPoint, MalformedPoint, NonCanonical, NotInSubgroup
from crypto.group import G1, G1_IDENTITY, UnclearedPoint, decode_uncleared, encode_g1
from tests.generate import plain
from tests.generate.plain import COFACTOR, times

SECRET = 31337
KEY = times(plain.G1, SECRET)


def encrypt(mark: int, r: int) -> list[UnclearedPoint]:
    return [UnclearedPoint(times(plain.G1, r)), UnclearedPoint(times(KEY, r) + times(plain.G1, mark))]


def decrypt(tally: EncryptedTally) -> list[int]:
    """Totals up to 20, with the secret."""
    found = []
    for a, b in zip(tally.a, tally.b, strict=True):
        rest = b - times(a, SECRET)
        found.append(next(m for m in range(21) if rest == times(plain.G1, m * COFACTOR)))
    return found


def test_a_sum_of_ciphertexts_is_a_ciphertext_of_the_sum() -> None:
    total = CiphertextSum(3)
    for number in range(7):
        marks = [number % 2, 1, 0]
        total.add([point for i, mark in enumerate(marks) for point in encrypt(mark, 100 * number + i + 1)])
    assert decrypt(total.clear()) == [3, 7, 0]


def test_the_order_of_addition_does_not_matter() -> None:
    ballots = [encrypt(mark, r) for mark, r in ((1, 5), (0, 6), (1, 7))]
    sums = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        total = CiphertextSum(1)
        for number in order:
            total.add(ballots[number])
        sums.append(total.clear().to_bytes())
    halves = CiphertextSum(1)
    first, second = CiphertextSum(1), CiphertextSum(1)
    first.add(ballots[0])
    second.add(ballots[1])
    second.add(ballots[2])
    halves.add(first.points)
    halves.add(second.points)
    sums.append(halves.clear().to_bytes())
    assert len(set(sums)) == 1


@pytest.mark.parametrize("order", [3, 11, 10177, 859267, 52437899])
def test_attack_42_components_of_small_order_are_cleared_away(order: int) -> None:
    torsion = plain.point_of_order(order)
    clean, dirty = CiphertextSum(1), CiphertextSum(1)
    a, b = encrypt(1, 9)
    clean.add([a, b])
    dirty.add([UnclearedPoint(a + torsion), UnclearedPoint(b - torsion)])
    assert dirty.points != clean.points
    assert dirty.clear() == clean.clear()
    assert decrypt(dirty.clear()) == [1]


def test_nobody_voted() -> None:
    tally = CiphertextSum(2).clear()
    assert tally.a == tally.b == (G1_IDENTITY, G1_IDENTITY)
    assert tally.to_bytes() == (bytes([0xC0]) + bytes(47)) * 4
    assert EncryptedTally.from_bytes(tally.to_bytes()) == tally
    with pytest.raises(ValueError, match="at least one option"):
        CiphertextSum(0)


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_attack_51_a_ballot_with_another_number_of_points_is_not_cut(count: int) -> None:
    total = CiphertextSum(2)
    with pytest.raises(ValueError, match="zip\\(\\) argument"):
        total.add([UnclearedPoint(G1)] * count)
    assert total.points == (G1_IDENTITY,) * 4


def test_bytes_are_compressed_in_the_order_of_options() -> None:
    total = CiphertextSum(2)
    total.add([decode_uncleared(plain.xy(times(plain.G1, k))) for k in (2, 3, 5, 7)])
    tally = total.clear()
    expected = b"".join(plain.compressed(times(plain.G1, k * COFACTOR)) for k in (2, 3, 5, 7))
    assert tally.to_bytes() == expected
    assert tally.digest() == plain.sha256(expected)
    assert EncryptedTally.from_bytes(expected) == tally


def test_malformed_tallies() -> None:
    good = encode_g1(G1) * 2
    for bad, error, why in (
        (good[:-1], MalformedPoint, "has 48 bytes, not 47"),
        (good + b"\x00", MalformedPoint, "has 48 bytes, not 1"),
        (plain.compressed(G1 + plain.point_of_order(3)) + good[48:], NotInSubgroup, "not in the subgroup"),
        (bytes([0xE0]) + bytes(47) + good[48:], NonCanonical, "another encoding"),
        (bytes(96), MalformedPoint, "flags or coordinate are wrong"),
    ):
        with pytest.raises(error, match=why):
            EncryptedTally.from_bytes(bad)
    assert issubclass(IdentityPoint, EncodingError)
