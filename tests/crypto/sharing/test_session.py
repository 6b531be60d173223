# SPDX-License-Identifier: AGPL-3.0-or-later
"""The descriptor of a session: what it must say, and thresholds that protect nobody."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crypto.encoding.strict_json import dumps
from crypto.errors import CryptoError, EncodingError, KeyReuse, UnsafePolicy, UnsafeText
from crypto.group import G1, G2
from crypto.sharing.session import Session, encode_point
from tests.generate import plain
from tests.generate.plain_ceremony import parties


def descriptor(role: str = "trustee", count: int = 3, threshold: int = 2, **changed: Any) -> dict[str, Any]:
    people = [party.json() for party in parties(role, count)]
    value = {"role": role, "number": 1, "threshold": threshold, "parties": people, "culprits": []}
    return copy.deepcopy(value | changed)


def test_descriptors_come_back_and_give_the_session_id() -> None:
    for role in ("registrar", "trustee", "lottery"):
        value = descriptor(role, 4, 3)
        session = Session.from_json(value)
        assert session.to_json() == value
        assert session.identifier(b"s" * 32) == plain.tagged_hash("SESSION", b"s" * 32, plain.canonical(value))
        assert dumps(session.to_json()) == plain.canonical(value)
        group = G1 if role == "trustee" else G2
        assert (session.generator, session.point_bytes) == (group, 48 if role == "trustee" else 96)
        assert session.decode_point(encode_point(group)) == group
        with pytest.raises(EncodingError, match="compressed point"):
            session.decode_point(encode_point(G2 if role == "trustee" else G1))


def test_every_member_of_the_descriptor_is_in_the_session_id() -> None:
    base = Session.from_json(descriptor())
    changed = [descriptor(threshold=3), descriptor("registrar"), descriptor(number=2, culprits=["aa" * 32])]
    other = descriptor()
    other["parties"][0]["name"] = "Somebody else"
    swapped = descriptor()
    swapped["parties"][0], swapped["parties"][1] = swapped["parties"][1], swapped["parties"][0]
    identifiers = {Session.from_json(value).identifier(b"s" * 32) for value in [*changed, other, swapped]}
    identifiers |= {base.identifier(b"s" * 32), base.identifier(b"t" * 32)}
    assert len(identifiers) == 7


def test_indices_begin_at_1() -> None:
    session = Session.from_json(descriptor())
    assert list(session.indices) == [1, 2, 3]
    assert session.party(1) == session.parties[0]
    assert session.party(3) == session.parties[2]
    assert session.party(0) is session.party(4) is session.party(-1) is None


PEOPLE = descriptor()["parties"]

BAD: dict[str, tuple[dict[str, Any], type[CryptoError], str]] = {
    "threshold 1": ({"threshold": 1}, UnsafePolicy, "a threshold of 1"),
    "threshold 0": ({"threshold": 0}, UnsafePolicy, "a threshold of 0"),
    "threshold above n": ({"threshold": 4}, UnsafePolicy, "a threshold of 4"),
    "one party": ({"parties": PEOPLE[:1]}, UnsafePolicy, "does not suit 1 parties"),
    "nobody": ({"parties": []}, EncodingError, "parties is not an array of 1 to 32"),
    "33 parties": ({"parties": PEOPLE * 11}, EncodingError, "parties is not an array of 1 to 32"),
    "session 0": ({"number": 0}, EncodingError, "number is not an integer from 1"),
    "culprits in session 1": ({"culprits": ["aa" * 32]}, EncodingError, "culprits are named from session 2 on"),
    "no culprits in session 2": ({"number": 2}, EncodingError, "culprits are named from session 2 on"),
    "a culprit again": ({"number": 2, "culprits": [PEOPLE[0]["key"]]}, KeyReuse, "named as culprit takes part again"),
    "culprits unsorted": ({"number": 2, "culprits": ["bb" * 32, "aa" * 32]}, EncodingError, "culprits are not sorted"),
    "a culprit twice": ({"number": 2, "culprits": ["aa" * 32, "aa" * 32]}, EncodingError, "culprits are not sorted"),
    "another role": ({"role": "witness"}, EncodingError, "role is not one of"),
    "a boolean threshold": ({"threshold": True}, EncodingError, "threshold is not an integer"),
    "a party that is no object": ({"parties": [1, 2, 3]}, EncodingError, "party is not an object"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_descriptors(name: str) -> None:
    changed, error, message = BAD[name]
    with pytest.raises(error, match=message):
        Session.from_json(descriptor(**changed))


@pytest.mark.parametrize(
    ("member", "value", "error", "message"),
    [
        ("key", PEOPLE[0]["key"], KeyReuse, "have the same key"),
        ("seal", PEOPLE[0]["seal"], KeyReuse, "have the same key"),
        ("name", "trustee a", UnsafeText, "can be confused with"),
        ("organisation", "Organisation \u0410", UnsafeText, "can be confused with"),
        ("key", "01" + "00" * 31, EncodingError, "small order"),
        ("seal", "00" * 32, EncodingError, "not all zero"),
        ("name", "", EncodingError, "1 to 500 characters"),
        ("name", "A\u200bB", UnsafeText, "U\\+200B"),
    ],
)
def test_bad_parties(member: str, value: str, error: type[CryptoError], message: str) -> None:
    changed = descriptor()
    changed["parties"][1][member] = value
    with pytest.raises(error, match=message):
        Session.from_json(changed)


@pytest.mark.parametrize("member", ["role", "number", "threshold", "parties", "culprits"])
def test_attack_53_members_that_are_missing(member: str) -> None:
    changed = descriptor()
    del changed[member]
    with pytest.raises(EncodingError, match=f"missing members \\['{member}'\\]"):
        Session.from_json(changed)


@pytest.mark.parametrize(
    ("role", "n", "t", "f", "safe"),
    [
        ("registrar", 4, 3, 1, True),
        ("registrar", 5, 3, 1, False),
        ("registrar", 7, 4, 1, False),
        ("registrar", 7, 5, 2, True),
        ("registrar", 6, 4, 1, True),
        ("registrar", 6, 4, 2, False),
        ("registrar", 3, 2, 1, False),
        ("trustee", 5, 3, 1, True),
        ("trustee", 3, 2, 1, True),
        ("trustee", 3, 2, 2, False),
        ("trustee", 5, 3, 3, False),
        ("lottery", 4, 3, 2, True),
        ("lottery", 4, 2, 2, False),
    ],
)
def test_attack_12_thresholds_against_faulty_parties(role: str, n: int, t: int, f: int, safe: bool) -> None:
    """Registrars: 2t > n + f, or a coalition gives one member two credentials. The others: t > f."""
    session = Session.from_json(descriptor(role, n, t))
    if safe:
        session.require_safe(f)
    else:
        with pytest.raises(UnsafePolicy, match=r"two credentials|hold the key"):
            session.require_safe(f)
