# SPDX-License-Identifier: AGPL-3.0-or-later
"""Key ceremonies: complete ones in both groups, and every way of cheating in one."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from crypto import errors
from crypto.encoding.strict_json import dumps, loads
from crypto.errors import InvalidShare, ProtocolError, TranscriptMismatch
from crypto.group import G1, G2, encode_scalar, lagrange_at_zero, scalar
from crypto.secret import Secret
from crypto.sharing import party as party_module
from crypto.sharing.ceremony import (
    LABELS,
    Ceremony,
    DerivedKey,
    Round,
    SignedMessage,
    encode_transcript,
    parse_message,
    replay_transcript,
)
from crypto.sharing.party import CeremonyParty, SecretShare, run_locally
from crypto.sharing.session import Session, encode_point
from crypto.signing import SigningKey, UnsealKey, make_json_statement
from crypto.suite import GROUP_ORDER as Q
from tests.conformance.vectors import excluded_message
from tests.generate import plain, vectors_key_ceremony
from tests.generate.plain_ceremony import Ceremony as PlainCeremony
from tests.generate.plain_ceremony import Message, parties

SCOPE = b"\x5c" * 32


def plain_ceremony(role: str = "trustee", count: int = 3, threshold: int = 2, **changed: Any) -> PlainCeremony:
    return PlainCeremony(role, parties(role, count), threshold, SCOPE, **changed)


def fold(ceremony: PlainCeremony, messages: list[Message] | None = None) -> Ceremony:
    """Our fold over messages of the plain one; every one must be accepted."""
    followed = Ceremony(Session.from_json(ceremony.descriptor), SCOPE)
    for message in ceremony.messages if messages is None else messages:
        assert followed.accept(signed(message)) is Round[message.round.upper()]
    return followed


def signed(message: Message) -> SignedMessage:
    return SignedMessage(message.statement, message.signature)


def people(role: str, count: int, threshold: int) -> list[CeremonyParty]:
    """Our parties, each with a fold of its own."""
    ceremony = plain_ceremony(role, count, threshold)
    session = Session.from_json(ceremony.descriptor)
    return [
        CeremonyParty(Ceremony(session, SCOPE), SigningKey(Secret(p.signing.seed)), UnsealKey(Secret(p.unseal.secret)))
        for p in ceremony.people
    ]


def number(value: Any) -> int:
    return int.from_bytes(encode_scalar(value), "big")


# --- honest


@pytest.mark.parametrize(
    ("role", "n", "t"),
    [("trustee", 2, 2), ("trustee", 5, 3), ("registrar", 4, 3), ("lottery", 3, 2), ("lottery", 4, 4)],
)
def test_complete_ceremonies_give_one_key_and_shares_of_it(role: str, n: int, t: int) -> None:
    members = people(role, n, t)
    carried = run_locally(members)
    assert len(carried) == 4 * n
    keys = [member.ceremony.derive() for member in members]
    assert len({encode_point(key.public) for key in keys}) == 1
    base = G1 if role == "trustee" else G2
    shares = {member.index: number(member.share().value.reveal()) for member in members}
    for chosen in combinations(shares, t):
        weights = lagrange_at_zero(chosen)
        secret = sum(number(weights[j]) * shares[j] for j in chosen) % Q
        assert base * scalar(secret) == keys[0].public
    for chosen in combinations(shares, t - 1):
        weights = lagrange_at_zero(chosen)
        secret = sum(number(weights[j]) * shares[j] for j in chosen) % Q
        assert base * scalar(secret) != keys[0].public
    for member in members:
        assert keys[0].public_shares[member.index] == base * scalar(shares[member.index])
        assert (member.ceremony.culprits(), member.next_messages()) == (frozenset(), [])


def test_two_ceremonies_of_the_same_people_give_two_keys() -> None:
    keys = set()
    for _ in range(2):
        members = people("trustee", 3, 2)
        run_locally(members)
        keys.add(encode_point(members[0].ceremony.derive().public))
    assert len(keys) == 2


def test_our_fold_derives_what_the_plain_ceremony_knows() -> None:
    for role in ("trustee", "registrar"):
        ceremony = plain_ceremony(role, 4, 3)
        key = fold(ceremony).derive()
        assert key.public == ceremony.public
        assert key.public_shares == ceremony.public_shares
        assert (key.transcript, key.session_id) == (ceremony.transcript, ceremony.session_id)


def test_the_order_within_a_round_does_not_matter() -> None:
    ceremony = plain_ceremony(wrong_shares={(2, 3)}, false_complaints={(1, 3)})
    rounds = [
        [m for m in ceremony.messages if m.round == name]
        for name in ("commitment", "reveal", "verdict", "disclosure", "confirmation")
    ]
    turned = [message for messages in rounds for message in reversed(messages)]
    assert fold(ceremony, turned).transcript() == fold(ceremony).transcript() == ceremony.transcript


def test_rounds_and_awaited_parties_step_by_step() -> None:
    ceremony = plain_ceremony()
    followed = Ceremony(Session.from_json(ceremony.descriptor), SCOPE)
    waiting = {1, 2, 3}
    for count, message in enumerate(ceremony.messages):
        assert followed.round is Round[message.round.upper()]
        assert followed.culprits() == waiting
        assert (followed.complete, followed.accepted) == (False, count)
        followed.accept(signed(message))
        waiting = waiting - {message.party} or {1, 2, 3}
    assert (followed.complete, followed.culprits(), followed.accepted) == (True, frozenset(), 12)


def test_a_transcript_body_is_replayed() -> None:
    ceremony = plain_ceremony("lottery", 3, 2)
    messages = [signed(message) for message in ceremony.messages]
    session = Session.from_json(ceremony.descriptor)
    assert replay_transcript(encode_transcript(messages), session, SCOPE).public == ceremony.public
    for broken in (messages[:-1], messages[1:], [messages[1], *messages], [*messages, messages[-1]], messages[:3], []):
        with pytest.raises(ProtocolError, match=r"is refused|is not complete"):
            replay_transcript(encode_transcript(broken), session, SCOPE)
    with pytest.raises(
        ProtocolError, match="message 0 of a ceremony transcript is refused: a message of another session"
    ):
        replay_transcript(encode_transcript(messages), session, b"other scope".ljust(32))
    body = loads(encode_transcript(messages))
    for changed in ({**body, "x": 1}, {"messages": [{**body["messages"][0], "x": 1}]}, {"messages": {}}):
        with pytest.raises(errors.EncodingError, match=r"members|array"):
            replay_transcript(dumps(changed), session, SCOPE)


# --- everything that rule C1 excludes


@pytest.mark.parametrize("case", vectors_key_ceremony.excluded(), ids=lambda case: case["name"])
def test_attack_40_excluded_messages_change_nothing(case: dict[str, Any]) -> None:
    from tests.generate.world import world

    good = world().trustees
    followed = Ceremony(Session.from_json(good.descriptor), good.scope)
    messages = [signed(message) for message in good.messages[: case["after"]]]
    if "first" in case:
        first = case["first"]
        messages[0] = SignedMessage(first["statement"].encode(), bytes.fromhex(first["signature"]))
    for message in messages:
        followed.accept(message)
    before = (followed.round, followed.accepted, followed.culprits(), followed.transcript(), followed.complete)
    session = {"messages": [vectors_key_ceremony.message_case(message) for message in good.messages]}
    with pytest.raises(getattr(errors, case["error"]), match=r"\w"):
        followed.accept(SignedMessage(*excluded_message(case, [session])))
    assert (followed.round, followed.accepted, followed.culprits(), followed.transcript(), followed.complete) == before


@pytest.mark.parametrize(
    "statement", [b"", b"\x00", b"{}", LABELS[Round.REVEAL], b"VECHE-V1-ANSWER\x00{}", LABELS[Round.VERDICT] + b"\x00"]
)
def test_what_is_no_ceremony_statement(statement: bytes) -> None:
    with pytest.raises(errors.EncodingError, match=r"\w"):
        parse_message(statement)


@pytest.mark.parametrize("round_name", ["commitment", "reveal", "verdict", "confirmation"])
def test_silence_in_each_round_is_named(round_name: str) -> None:
    ceremony = plain_ceremony()
    kept = [m for m in ceremony.messages if m.round != round_name]
    before = [
        m for m in kept if list(Round).index(Round[m.round.upper()]) < list(Round).index(Round[round_name.upper()])
    ]
    own = [m for m in ceremony.messages if m.round == round_name and m.party != 2]
    followed = fold(ceremony, before + own)
    assert followed.culprits() == {2}
    assert not followed.complete
    with pytest.raises(ProtocolError, match=r"the session is not complete: parties \[2\] are missing"):
        followed.derive()
    later = [m for m in kept if m not in before]
    for message in later:
        with pytest.raises(ProtocolError, match="while the session awaits"):
            followed.accept(signed(message))


def test_a_reveal_other_than_committed_to_leaves_its_party_silent() -> None:
    """The party cannot reveal what it did not commit to, so it is the culprit."""
    ceremony = plain_ceremony()
    followed = fold(ceremony, ceremony.messages[:3] + ceremony.messages[4:6])
    other = ceremony.sign("reveal", 1, ceremony.reveal(1, proof="11" * 64))
    with pytest.raises(errors.InvalidCommitment, match="party 1 reveals something else"):
        followed.accept(signed(other))
    assert followed.culprits() == {1}
    followed.accept(signed(ceremony.messages[3]))
    assert followed.culprits() == {1, 2, 3}


# --- shares


def our_party(ceremony: PlainCeremony, index: int) -> CeremonyParty:
    """One of our parties among the plain ones; it follows and judges, its own messages are the plain ones."""
    person = ceremony.people[index - 1]
    session = Session.from_json(ceremony.descriptor)
    return CeremonyParty(
        Ceremony(session, SCOPE), SigningKey(Secret(person.signing.seed)), UnsealKey(Secret(person.unseal.secret))
    )


def follow(party: CeremonyParty, ceremony: PlainCeremony, count: int) -> None:
    for message in ceremony.messages[:count]:
        party.ceremony.accept(signed(message))


@pytest.mark.parametrize("role", ["trustee", "registrar"])
def test_a_wrong_share_is_complained_about_disclosed_and_then_used(role: str) -> None:
    ceremony = plain_ceremony(role, 4, 3, wrong_shares={(2, 4)})
    victim = our_party(ceremony, 4)
    follow(victim, ceremony, 11)
    (verdict,) = victim.next_messages()
    assert verdict.statement == ceremony.messages[11].statement
    assert loads(verdict.statement.partition(b"\x00")[2])["complaints"] == [2]
    for message in ceremony.messages[11:]:
        victim.ceremony.accept(signed(message))
    assert number(victim.share().value.reveal()) == ceremony.shares[4]
    assert victim.ceremony.disclosed.keys() == {(2, 4)}


@pytest.mark.parametrize("box", [b"", b"\x00" * 80, b"\xff" * 80, None, "huge"])
def test_a_share_that_does_not_open_is_complained_about(box: Any) -> None:
    ceremony = plain_ceremony()
    seal = ceremony.people[2].unseal.public
    if box is None:
        box = plain.sealed_box(ceremony.people[0].unseal.public, plain.scalar_bytes(ceremony.share_of(2, 3)), b"e" * 32)
    elif box == "huge":
        box = plain.sealed_box(seal, Q.to_bytes(32, "big"), b"e" * 32)
    elif box == b"":
        box = plain.sealed_box(seal, b"", b"e" * 32).ljust(80, b"\x00")
    payload = loads(ceremony.reveals[2].partition(b"\x00")[2])
    payload["shares"][2] = box.hex()
    ceremony.reveals[2] = make_json_statement(LABELS[Round.REVEAL], payload)
    ceremony.false_complaints = {(3, 2)}
    ceremony.messages = ceremony._all_messages()
    victim = our_party(ceremony, 3)
    follow(victim, ceremony, 8)
    (verdict,) = victim.next_messages()
    assert verdict.statement == ceremony.messages[8].statement
    for message in ceremony.messages[8:]:
        victim.ceremony.accept(signed(message))
    assert number(victim.share().value.reveal()) == ceremony.shares[3]


def test_a_dealer_who_does_not_disclose_is_the_culprit() -> None:
    ceremony = plain_ceremony(wrong_shares={(2, 3), (2, 1)}, false_complaints={(1, 3)})
    followed = fold(ceremony, ceremony.messages[:9])
    assert followed.round is Round.DISCLOSURE
    assert followed.culprits() == {2, 3}
    followed.accept(signed(ceremony.disclosure(2, 3)))
    assert followed.culprits() == {2, 3}, "one complaint is still open"
    with pytest.raises(InvalidShare, match="party 2 discloses for 1 does not fit") as raised:
        followed.accept(signed(ceremony.disclosure(2, 1, 12345)))
    assert raised.value.culprits == {2}
    followed.accept(signed(ceremony.disclosure(3, 1)))
    assert followed.culprits() == {2}
    followed.accept(signed(ceremony.disclosure(2, 1)))
    assert followed.round is Round.CONFIRMATION


def test_a_false_complaint_is_dismissed_by_disclosure_and_costs_the_complainer() -> None:
    ceremony = plain_ceremony(false_complaints={(1, 2)})
    followed = fold(ceremony)
    assert followed.complete
    assert number(followed.disclosed[2, 1]) == ceremony.share_of(2, 1)
    accused = our_party(ceremony, 2)
    polynomial = tuple(scalar(a) for a in ceremony.polynomials[2])
    accused._polynomial = Secret(polynomial)
    follow(accused, ceremony, 9)
    assert accused.next_messages() == [signed(ceremony.disclosure(2, 1))]


def test_a_party_may_accuse_several_and_itself() -> None:
    ceremony = plain_ceremony(false_complaints={(1, 1), (1, 2), (1, 3), (2, 3)})
    assert fold(ceremony).derive().public == ceremony.public


def test_another_transcript_is_noticed() -> None:
    ceremony = plain_ceremony()
    followed = fold(ceremony, ceremony.messages[:-3])
    other = plain_ceremony(chosen={1: [7, 8]})
    assert other.session_id == ceremony.session_id
    with pytest.raises(TranscriptMismatch, match="party 1 confirms another transcript"):
        followed.accept(signed(other.messages[-3]))
    assert followed.culprits() == {1, 2, 3}


def test_a_party_signs_the_transcript_that_it_folded_itself() -> None:
    ceremony = plain_ceremony(false_complaints={(1, 2)})
    party = our_party(ceremony, 3)
    follow(party, ceremony, len(ceremony.messages) - 3)
    assert party.next_messages() == [signed(ceremony.messages[-1])]


# --- keys


def test_attack_17_a_joint_key_that_is_the_identity_is_refused() -> None:
    first, second = [5, 6], [7, 8]
    ceremony = plain_ceremony(chosen={1: first, 2: second, 3: [Q - 12, 9]})
    followed = fold(ceremony, ceremony.messages[:-1])
    with pytest.raises(ProtocolError, match="the joint key or a public share is the identity"):
        followed.accept(signed(ceremony.messages[-1]))
    assert not followed.complete
    assert followed.culprits() == {3}


def test_attack_17_a_public_share_that_is_the_identity_is_refused() -> None:
    """The sum of the polynomials vanishes at 2."""
    ceremony = plain_ceremony(chosen={1: [2, 1], 2: [4, 1], 3: [Q - 12, 1]})
    assert ceremony.shares[2] == 0
    with pytest.raises(ProtocolError, match="the joint key or a public share is the identity"):
        fold(ceremony)


def test_attack_17_a_rogue_coefficient_needs_a_proof() -> None:
    """The last party picks its coefficient as the difference to a key that it knows."""
    ceremony = plain_ceremony()
    wanted = plain.times(plain.G1, 777)
    others = plain.total(ceremony.coefficient_points(i)[0] for i in (1, 2))
    rogue = plain.compressed(wanted - others).hex()
    points = [rogue, plain.compressed(ceremony.coefficient_points(3)[1]).hex()]
    reveal = ceremony.sign("reveal", 3, ceremony.reveal(3, coefficients=points))
    commitment = ceremony.signed("commitment", 3, commitment=plain.sha256(reveal.statement).hex())
    followed = fold(ceremony, [*ceremony.messages[:2], commitment, *ceremony.messages[3:5]])
    with pytest.raises(errors.InvalidProof, match="a Schnorr proof does not verify"):
        followed.accept(signed(reveal))


def test_attack_40_reveals_are_fixed_before_anybody_reveals() -> None:
    ceremony = plain_ceremony()
    early = fold(ceremony, ceremony.messages[:2])
    for message in ceremony.messages[3:6]:
        with pytest.raises(ProtocolError, match="a reveal while the session awaits commitments"):
            early.accept(signed(message))


def test_a_share_is_checked_whenever_it_is_loaded() -> None:
    ceremony = plain_ceremony()
    key = fold(ceremony).derive()
    for index in (1, 2, 3):
        share = SecretShare(index, Secret(scalar(ceremony.shares[index])), key)
        assert str(ceremony.shares[index]) not in repr(share)
        for wrong in (ceremony.shares[index] + 1, ceremony.shares[index % 3 + 1], 0):
            with pytest.raises(InvalidShare, match=f"share {index} does not belong to this ceremony") as raised:
                SecretShare(index, Secret(scalar(wrong % Q)), key)
            assert raised.value.culprits == {index}


def test_a_share_of_another_ceremony_is_noticed() -> None:
    ours, theirs = plain_ceremony(), plain_ceremony(chosen={1: [7, 8]})
    key = fold(theirs).derive()
    assert isinstance(key, DerivedKey)
    with pytest.raises(InvalidShare, match="share 2 does not belong"):
        SecretShare(2, Secret(scalar(ours.shares[2])), key)


# --- parties of ours


def test_foreign_keys_take_no_part() -> None:
    ceremony = plain_ceremony()
    session = Session.from_json(ceremony.descriptor)
    mine, other = ceremony.people[0], ceremony.people[1]
    for signing, unseal in (
        (b"x" * 32, mine.unseal.secret),
        (mine.signing.seed, b"x" * 32),
        (mine.signing.seed, other.unseal.secret),
    ):
        with pytest.raises(ProtocolError, match="these keys are not those of a party"):
            CeremonyParty(Ceremony(session, SCOPE), SigningKey(Secret(signing)), UnsealKey(Secret(unseal)))


def test_a_ceremony_that_halts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    members = people("trustee", 3, 2)
    monkeypatch.setattr(members[1], "_make_reveal", lambda: b"")
    monkeypatch.setattr(CeremonyParty, "next_messages", lambda self: [])
    with pytest.raises(ProtocolError, match="the ceremony has come to a halt"):
        run_locally(members)


def test_run_locally_names_what_was_refused() -> None:
    members = people("trustee", 3, 2)
    members[1]._reveal = members[1]._reveal.replace(b'"proof":"', b'"proof":"00', 1)
    with pytest.raises(ProtocolError, match="a party refuses a message"):
        run_locally(members)


def test_polynomials_are_hedged_with_the_signing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead generator: different parties still have different polynomials."""
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", bytes)
    members = people("trustee", 3, 2)
    values = {number(a) for member in members for a in member._polynomial.reveal()}
    assert len(values) == 6
    assert party_module._POLYNOMIAL == b"polynomial"
