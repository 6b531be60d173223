# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registrars' side, and batches of pairing equations."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crypto.blindsig import issuing
from crypto.blindsig.issuing import blind_sign, find_bad_signatures, signatures_hold
from crypto.errors import CryptoError, EncodingError, Excluded, IdentityPoint, NotInSubgroup
from crypto.group import G1, G2, ONE, decode_g1, encode_g1, encode_scalar, scalar
from crypto.labels import REQUEST
from crypto.protocol.answers import decode_partials
from crypto.protocol.credential import Requests, parse_request
from crypto.protocol.members import Roll
from crypto.secret import Secret
from crypto.sharing.party import SecretShare
from crypto.signing import PublicKey, SigningKey, make_statement
from tests.crypto.sharing.test_ceremony import fold, plain_ceremony
from tests.generate import plain
from tests.generate.plain import times
from tests.shared_data import shared_text

CEREMONY = plain_ceremony("registrar", 4, 3)
KEY = fold(CEREMONY).derive()
SHARE = SecretShare(2, Secret(scalar(CEREMONY.shares[2])), KEY)
PUBLIC: Any = KEY.public_shares[2]
MESSAGES = [times(plain.G1, 17 + number) for number in range(9)]
SIGNATURES = [decode_g1(blind_sign(SHARE, message)) for message in MESSAGES]


def test_an_answer_is_x_times_the_point() -> None:
    for message, signature in zip(MESSAGES, SIGNATURES, strict=True):
        assert signature == times(message, CEREMONY.shares[2])


def test_good_batches_hold_and_bad_ones_are_named() -> None:
    assert signatures_hold(SIGNATURES, MESSAGES, PUBLIC)
    assert find_bad_signatures(SIGNATURES, MESSAGES, PUBLIC) == set()
    chance = random.Random(5)
    for _ in range(6):
        bad = set(chance.sample(range(9), chance.randrange(1, 5)))
        given = [point + G1 if place in bad else point for place, point in enumerate(SIGNATURES)]
        assert find_bad_signatures(given, MESSAGES, PUBLIC) == bad
    assert find_bad_signatures([-point for point in SIGNATURES], MESSAGES, PUBLIC) == set(range(9))


def test_wrong_order_and_wrong_key() -> None:
    swapped = [SIGNATURES[1], SIGNATURES[0], *SIGNATURES[2:]]
    assert find_bad_signatures(swapped, MESSAGES, PUBLIC) == {0, 1}
    assert find_bad_signatures(SIGNATURES[:2], MESSAGES[:2], PUBLIC + G2) == {0, 1}
    other: Any = KEY.public_shares[1]
    assert not signatures_hold(SIGNATURES, MESSAGES, other)


def test_attack_52_errors_that_cancel_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [SIGNATURES[0] + G1, SIGNATURES[1] - G1, *SIGNATURES[2:]]
    assert find_bad_signatures(given, MESSAGES, PUBLIC) == {0, 1}
    monkeypatch.setattr(issuing, "random_weight", lambda: ONE)
    assert signatures_hold(given, MESSAGES, PUBLIC), "with one weight for all they would pass"


def test_attack_52_every_signature_has_its_own_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []
    real = issuing.random_weight

    def weight() -> Any:
        value = real()
        drawn.append(encode_scalar(value))
        return value

    monkeypatch.setattr(issuing, "random_weight", weight)
    assert signatures_hold(SIGNATURES, MESSAGES, PUBLIC)
    assert len(set(drawn)) == len(SIGNATURES)
    assert all(value.startswith(bytes(16)) for value in drawn)


@pytest.mark.parametrize(("signatures", "messages"), [(0, 0), (1, 0), (0, 1), (2, 3), (3, 2)])
def test_attack_51_nothing_and_unequal_numbers_are_refused(signatures: int, messages: int) -> None:
    for check in (signatures_hold, find_bad_signatures):
        with pytest.raises(ValueError, match=f"{signatures} signatures on {messages} messages"):
            check(SIGNATURES[:signatures], MESSAGES[:messages], PUBLIC)


def test_bodies_of_answers_are_decoded_strictly() -> None:
    body = b"".join(map(encode_g1, SIGNATURES))
    assert decode_partials(body, 9) == SIGNATURES
    bad: list[tuple[bytes, int, type[CryptoError], str]] = [
        (body, 8, EncodingError, "432 bytes for 8 partial signatures"),
        (body[:-1], 9, EncodingError, "431 bytes for 9 partial signatures"),
        (body + b"\x00", 9, EncodingError, "433 bytes for 9 partial signatures"),
        (body[:-48] + bytes([0xC0]) + bytes(47), 9, IdentityPoint, "the identity is not allowed here"),
        (encode_g1(SIGNATURES[0] + plain.point_of_order(3)) + body[48:], 9, NotInSubgroup, "not in the subgroup"),
    ]
    for data, count, error, why in bad:
        with pytest.raises(error, match=why):
            decode_partials(data, count)


def test_attack_15_a_small_order_blinded_point_is_refused_before_any_secret_touches_it() -> None:
    """Every bad encoding of ../shared, in a request that its member signed: rule Q5, never a counted request."""
    member = SigningKey(Secret(b"m" * 32))
    identifier = b"i" * 16
    lines = [line.split() for line in shared_text("vectors/bad-encodings.txt").splitlines() if line.startswith("G1 ")]
    points = [bytes.fromhex(word) for words in lines for word in words if len(word) == 96]
    points += [plain.compressed(plain.point_of_order(order)) for order in (3, 11, 10177, 859267, 52437899)]
    assert len(points) >= 14
    for data in points:
        requests = Requests(Roll(((identifier, PublicKey(member.public)),)))
        statement = make_statement(REQUEST, b"e" * 32 + identifier + data)
        request = parse_request(statement, member.sign(statement))
        with pytest.raises(Excluded, match="Q5: the blinded point is refused") as raised:
            requests.take(0, request)
        assert (raised.value.rule, requests.counted) == ("Q5", [])
        good = make_statement(REQUEST, b"e" * 32 + identifier + encode_g1(G1))
        assert requests.take(1, parse_request(good, member.sign(good))).blinded == G1


def test_attack_15_what_such_a_point_would_tell() -> None:
    """x T3 is one of three points: it shows the share modulo 3."""
    torsion = plain.point_of_order(3)
    seen = times(torsion, CEREMONY.shares[2])
    assert seen == plain.times_integer(torsion, CEREMONY.shares[2] % 3)
