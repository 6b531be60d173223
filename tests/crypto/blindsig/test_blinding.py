# SPDX-License-Identifier: AGPL-3.0-or-later
"""The member's side of issuing: the same request everywhere, one credential whoever answers."""

from __future__ import annotations

from itertools import combinations

import pytest

from crypto.blindsig.blinding import Credential, blind, credential_message, finalize, verify_credential
from crypto.errors import (
    CryptoError,
    IdentityPoint,
    InvalidCredential,
    MalformedPoint,
    NonCanonical,
    NotInSubgroup,
    ThresholdNotMet,
)
from crypto.group import G1, G2, ZERO, G2Point, decode_g1, encode_g1, encode_scalar, scalar
from crypto.secret import Secret
from crypto.signing import PublicKey
from tests.crypto.sharing.test_ceremony import fold, plain_ceremony
from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import times

ELECTION = b"e" * 32
VOTING_SECRET = Secret(b"voting secret of thirty-two byte")
CEREMONY = plain_ceremony("registrar", 5, 4)
KEY = fold(CEREMONY).derive().public
BLINDED = blind(VOTING_SECRET, ELECTION)


def issuing_key() -> G2Point:
    if not isinstance(KEY, G2Point):
        raise TypeError("registrars' keys are in G2")
    return KEY


def partial(blinded: object = BLINDED.blinded) -> dict[int, object]:
    return {j: times(blinded, share) for j, share in CEREMONY.shares.items()}


def finished(shares: dict[int, object], threshold: int = 4) -> Credential:
    return finalize(BLINDED, shares, threshold, issuing_key())  # type: ignore[arg-type]


def test_every_subset_of_registrars_gives_the_same_credential() -> None:
    shares = partial()
    credentials = {finished({j: shares[j] for j in chosen}).signature for chosen in combinations(shares, 4)}
    point = plain.hash_to_g1("CREDENTIAL", ELECTION + BLINDED.signing.public)
    assert credentials == {plain.compressed(times(point, CEREMONY.secret))}
    assert finished(shares).pseudonym == BLINDED.signing.public


def test_the_request_is_the_same_on_every_device_and_at_every_retry() -> None:
    again = blind(Secret(VOTING_SECRET.reveal()), ELECTION)
    assert (again.signing.public, again.blinded) == (BLINDED.signing.public, BLINDED.blinded)
    seed = plain.tagged_hash("PSEUDONYM", VOTING_SECRET.reveal(), ELECTION)
    assert again.signing.public == plain.Ed25519(seed).public
    factor = plain.hash_to_scalar("BLINDING-FACTOR", VOTING_SECRET.reveal() + ELECTION)
    assert encode_scalar(again.factor.reveal()) == plain.scalar_bytes(factor)
    assert again.blinded == times(credential_message(ELECTION, again.signing.public), factor)


def test_another_secret_or_election_gives_another_pseudonym_and_another_point() -> None:
    others = [blind(VOTING_SECRET, b"f" * 32), blind(Secret(b"x" * 32), ELECTION), BLINDED]
    assert len({other.signing.public for other in others}) == 3
    assert len({encode_g1(other.blinded) for other in others}) == 3
    assert len({encode_scalar(other.factor.reveal()) for other in others}) == 3


def test_unlinkability_every_request_and_its_answers_fit_every_pseudonym() -> None:
    """For points m = a G and m' = b G of two pseudonyms, r' = r a / b explains the same B and the same answers."""
    a, b, r = 1234567, 7654321, 424242
    other = r * a * pow(b, -1, Q) % Q
    assert other != r
    mine, theirs = times(times(plain.G1, a), r), times(times(plain.G1, b), other)
    assert mine == theirs
    assert partial(mine) == partial(theirs)
    combined = plain.interpolate(partial(mine))
    assert times(combined, pow(r, -1, Q)) == times(times(plain.G1, a), CEREMONY.secret)
    assert times(combined, pow(other, -1, Q)) == times(times(plain.G1, b), CEREMONY.secret)


def test_what_registrars_see_is_neither_the_pseudonyms_point_nor_the_credential() -> None:
    message = credential_message(ELECTION, BLINDED.signing.public)
    seen = [BLINDED.blinded, *partial().values()]
    assert message not in seen
    assert decode_g1(finished(partial()).signature) not in seen


def test_a_blinding_factor_of_zero_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crypto.blindsig.blinding.hash_to_scalar", lambda *_: ZERO)
    with pytest.raises(ValueError, match="this voting secret cannot be used in this election"):
        blind(VOTING_SECRET, ELECTION)


def test_nothing_secret_is_shown() -> None:
    text = repr(BLINDED)
    assert VOTING_SECRET.reveal().decode() not in text
    assert encode_scalar(BLINDED.factor.reveal()).hex() not in text
    assert "factor=<redacted>" in text


def test_too_few_answers() -> None:
    shares = partial()
    with pytest.raises(ThresholdNotMet, match="3 shares, 4 are needed") as raised:
        finished({j: shares[j] for j in (1, 3, 5)})
    assert raised.value.used == {1, 3, 5}


def test_one_bad_answer_spoils_the_credential_and_is_noticed() -> None:
    for j in (1, 2, 3, 4):
        for wrong in (
            times(BLINDED.blinded, CEREMONY.shares[j] + 1),
            times(BLINDED.blinded, CEREMONY.shares[j % 5 + 1]),
            G1,
        ):
            with pytest.raises(InvalidCredential, match="does not verify under the election's issuing key"):
                finished({**partial(), j: wrong})


def test_attack_12_a_lower_threshold_gives_no_credential() -> None:
    shares = partial()
    with pytest.raises(InvalidCredential, match="does not verify"):
        finished({j: shares[j] for j in (1, 2, 3)}, 3)


def test_attack_14_a_key_made_for_one_member_is_noticed_before_anything_is_stored() -> None:
    tagged = {j: times(point, 7) for j, point in partial().items()}
    with pytest.raises(InvalidCredential, match="does not verify"):
        finished(tagged)
    with pytest.raises(InvalidCredential, match="does not verify"):
        finalize(BLINDED, partial(), 4, issuing_key() + G2)  # type: ignore[arg-type]


def test_attack_16_a_credential_is_for_one_election_and_one_pseudonym() -> None:
    credential = finished(partial())
    verify_credential(credential, ELECTION, issuing_key())
    with pytest.raises(InvalidCredential, match="does not verify"):
        verify_credential(credential, b"f" * 32, issuing_key())
    with pytest.raises(InvalidCredential, match="does not verify"):
        verify_credential(credential, ELECTION, issuing_key() + G2)
    other = blind(Secret(b"y" * 32), ELECTION).signing.public
    with pytest.raises(InvalidCredential, match="does not verify"):
        verify_credential(Credential(other, credential.signature), ELECTION, issuing_key())


def test_attack_26_election_and_pseudonym_cannot_be_divided_otherwise() -> None:
    """Both have 32 bytes; the message is their concatenation."""
    assert credential_message(b"a" * 32, b"b" * 32) == plain.hash_to_g1("CREDENTIAL", b"a" * 32 + b"b" * 32)
    assert credential_message(b"a" * 32, b"b" * 32) != credential_message(b"b" * 32, b"a" * 32)


def test_attack_18_a_credential_has_one_encoding() -> None:
    good = finished(partial())
    point = decode_g1(good.signature)
    bad: list[tuple[bytes, type[CryptoError], str]] = [
        (encode_g1(point + plain.point_of_order(3)), NotInSubgroup, "not in the subgroup"),
        (encode_g1(-point), InvalidCredential, "does not verify"),
        (bytes([0xC0]) + bytes(47), IdentityPoint, "the identity is not allowed here"),
        (bytes([0xE0]) + bytes(47), NonCanonical, "another encoding"),
        (good.signature[:-1], MalformedPoint, "has 48 bytes, not 47"),
        (good.signature + b"\x00", MalformedPoint, "has 48 bytes, not 49"),
        (plain.xy(point), MalformedPoint, "has 48 bytes, not 96"),
        (bytes(48), MalformedPoint, "flags or coordinate"),
    ]
    for data, error, why in bad:
        with pytest.raises(error, match=why):
            verify_credential(Credential(PublicKey(good.pseudonym), data), ELECTION, issuing_key())


def test_attack_17_identity_key_and_identity_signature() -> None:
    """e(O, G2) = e(m, O): whoever read both without refusing the identity would have a free credential."""
    from crypto.group import G1_IDENTITY, G2_IDENTITY, pairings_equal

    message = credential_message(ELECTION, BLINDED.signing.public)
    assert pairings_equal(G1_IDENTITY, G2, message, G2_IDENTITY)
    credential = Credential(PublicKey(BLINDED.signing.public), bytes([0xC0]) + bytes(47))
    with pytest.raises(IdentityPoint, match="the identity is not allowed here"):
        verify_credential(credential, ELECTION, G2_IDENTITY)
    assert scalar(0) == ZERO
