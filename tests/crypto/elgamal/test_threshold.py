# SPDX-License-Identifier: AGPL-3.0-or-later
"""Threshold decryption: any t of n give the same, bad parts are found."""

from __future__ import annotations

from itertools import combinations

import pytest

from crypto.elgamal.ciphertext import EncryptedTally
from crypto.elgamal.dlog import DiscreteLog
from crypto.elgamal.threshold import combine, partial_decrypt, verify_partial
from crypto.errors import (
    CryptoError,
    EncodingError,
    InvalidProof,
    MalformedPoint,
    NonCanonical,
    NotInSubgroup,
    TallyError,
    ThresholdNotMet,
)
from crypto.group import G1_IDENTITY, encode_g1, scalar
from crypto.secret import Secret
from crypto.sharing.party import SecretShare
from tests.crypto.sharing.test_ceremony import fold, plain_ceremony
from tests.generate import plain
from tests.generate.plain import COFACTOR, times

ELECTION, CLOSING = b"e" * 32, b"c" * 32
CEREMONY = plain_ceremony("trustee", 5, 3)
KEY = fold(CEREMONY).derive()
SHARES = {j: SecretShare(j, Secret(scalar(value)), KEY) for j, value in CEREMONY.shares.items()}
TOTALS = [0, 3, 7]


def encrypted(totals: list[int]) -> EncryptedTally:
    a, b = [], []
    for number, total in enumerate(totals):
        r = 1000 + number
        a.append(times(plain.G1, r * COFACTOR))
        b.append(times(CEREMONY.public, r * COFACTOR) + times(plain.G1, total * COFACTOR))
    return EncryptedTally(tuple(a), tuple(b))


TALLY = encrypted(TOTALS)
BODIES = {j: partial_decrypt(ELECTION, CLOSING, share, TALLY) for j, share in SHARES.items()}


def verified(j: int, body: bytes | None = None, tally: EncryptedTally = TALLY) -> tuple[object, ...]:
    return verify_partial(ELECTION, CLOSING, j, KEY.public_shares[j], tally, BODIES[j] if body is None else body)  # type: ignore[arg-type]


def test_attack_41_every_subset_of_t_gives_the_same_totals() -> None:
    results = {j: verified(j) for j in SHARES}
    logarithm = DiscreteLog(10)
    for chosen in combinations(results, 3):
        points = combine(TALLY, {j: results[j] for j in chosen}, 3)  # type: ignore[misc]
        assert [logarithm.find(point) for point in points] == TOTALS
    assert combine(TALLY, results, 3) == combine(TALLY, dict(reversed(results.items())), 3)  # type: ignore[arg-type]


def test_attack_41_fewer_than_t_give_nothing() -> None:
    two = {j: verified(j) for j in (2, 4)}
    with pytest.raises(ThresholdNotMet, match="2 shares, 3 are needed") as raised:
        combine(TALLY, two, 3)  # type: ignore[arg-type]
    assert raised.value.used == {2, 4}
    points = combine(TALLY, two, 2)  # type: ignore[arg-type]
    with pytest.raises(TallyError, match="no number of marks"):
        DiscreteLog(100).find(points[1])


def test_results_are_x_times_the_sums() -> None:
    for j, value in CEREMONY.shares.items():
        assert verified(j) == tuple(times(a, value) for a in TALLY.a)
        assert len(BODIES[j]) == 3 * 48 + 64


def test_attack_42_bad_partial_decryptions() -> None:
    body = BODIES[1]
    swapped = body[48:96] + body[:48] + body[96:]
    torsion = encode_g1(verified(1)[0] + plain.point_of_order(3)) + body[48:]  # type: ignore[operator]
    wrong = encode_g1(verified(1)[0] + plain.G1) + body[48:]  # type: ignore[operator]
    bad: dict[str, tuple[bytes, type[CryptoError], str]] = {
        "of another trustee": (BODIES[2], InvalidProof, "does not verify"),
        "swapped": (swapped, InvalidProof, "does not verify"),
        "wrong": (wrong, InvalidProof, "does not verify"),
        "torsion": (torsion, NotInSubgroup, "not in the subgroup"),
        "identity": (bytes([0xC0]) + bytes(47) + body[48:], InvalidProof, "is the identity and its base is not"),
        "identity in another spelling": (bytes([0xE0]) + bytes(47) + body[48:], NonCanonical, "another encoding"),
        "zeros": (bytes(len(body)), MalformedPoint, "flags or coordinate"),
        "short": (body[:-1], EncodingError, "decryption ends after 207 bytes, 208 are needed"),
        "long": (body + b"\x00", EncodingError, "decryption has 1 bytes too many"),
        "a result too few": (body[48:], EncodingError, "flags or coordinate|are needed|not in the subgroup"),
        "nothing": (b"", EncodingError, "decryption ends after 0 bytes"),
        "no proof": (body[:144], EncodingError, "decryption ends after 144 bytes, 208 are needed"),
        "proof of zeros": (body[:144] + bytes(64), InvalidProof, "does not verify"),
    }
    for data, error, why in bad.values():
        with pytest.raises(error, match=why):
            verified(1, data)


def test_attack_43_bound_to_election_closing_and_trustee() -> None:
    share = KEY.public_shares[1]
    for election, closing, trustee in (
        (b"x" * 32, CLOSING, 1),
        (ELECTION, b"x" * 32, 1),
        (ELECTION, CLOSING, 2),
        (CLOSING, ELECTION, 1),
    ):
        with pytest.raises(InvalidProof, match="does not verify"):
            verify_partial(election, closing, trustee, share, TALLY, BODIES[1])  # type: ignore[arg-type]
    with pytest.raises(InvalidProof, match="does not verify"):
        verify_partial(ELECTION, CLOSING, 1, KEY.public_shares[2], TALLY, BODIES[1])  # type: ignore[arg-type]


def test_attack_45_bound_to_the_sum_that_the_verifier_computed() -> None:
    for totals in ([0, 3, 8], [3, 0, 7], [0, 3]):
        other = encrypted(totals)
        if totals == [0, 3, 8]:
            # Only B differs: the proof is about A, and the totals come out otherwise.
            points = combine(other, {j: verified(j, tally=other) for j in (1, 2, 3)}, 3)  # type: ignore[misc]
            assert [DiscreteLog(10).find(point) for point in points] == totals
    reordered = EncryptedTally((TALLY.a[1], TALLY.a[0], TALLY.a[2]), TALLY.b)
    with pytest.raises(InvalidProof, match="does not verify"):
        verified(1, tally=reordered)
    with pytest.raises(EncodingError, match="bytes too many"):
        verified(1, tally=encrypted([0, 3]))
    with pytest.raises(EncodingError, match=r"flags or coordinate|are needed"):
        verified(1, tally=encrypted([0, 3, 7, 1]))


def test_a_sum_that_is_the_identity_decrypts_to_the_identity() -> None:
    """All voters together can make A vanish; the share of it is the identity as well."""
    tally = EncryptedTally((G1_IDENTITY, TALLY.a[1]), (times(plain.G1, 2 * COFACTOR), TALLY.b[1]))
    shares = {}
    for j, share in SHARES.items():
        body = partial_decrypt(ELECTION, CLOSING, share, tally)
        shares[j] = verify_partial(ELECTION, CLOSING, j, KEY.public_shares[j], tally, body)  # type: ignore[arg-type]
        assert shares[j][0] == G1_IDENTITY
    assert [DiscreteLog(5).find(point) for point in combine(tally, shares, 3)] == [2, 3]
