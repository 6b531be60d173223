# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of several contests, envelopes, openings, draws, and the rooting of ceremony messages to their session."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from crypto import errors
from crypto.encoding.members import encode_base64
from crypto.group import encode_g1
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol import lottery
from crypto.protocol.ballot import BodyTask, check_bodies, encrypt_ballot, verify_body
from crypto.protocol.election import Election
from crypto.protocol.entry import make_entry, parse_entry
from crypto.protocol.envelope import PAYLOAD_BYTES, parse_envelope, sign_envelope
from crypto.protocol.manifest import parse_manifest
from crypto.protocol.opening import Opening, check_opening, open_ballot
from crypto.protocol.phases import State
from crypto.secret import Secret
from crypto.sharing.ceremony import LABELS, Ceremony, Round, SignedMessage
from crypto.sharing.session import Session
from crypto.signing import SigningKey, make_json_statement
from tests.crypto.protocol.test_register import EVERYTHING, register_of
from tests.crypto.sharing.test_ceremony import signed
from tests.generate import plain
from tests.generate.plain import canonical
from tests.generate.world import world

MANIFEST = parse_manifest(canonical(world().manifest))
PROVER = ContestProver(world().trustees.public, window=4)
CONTEXT = BallotContext(MANIFEST.digest(), MANIFEST.election, world().pseudonym(0).public, 1)
MARKS = ((0, 1), (1, 0, 1))


def prepared(marks: Any = MARKS, context: BallotContext = CONTEXT, attempt: int = 1) -> Any:
    return encrypt_ballot(PROVER, context, MANIFEST.shapes, marks, Secret(b"secret"), attempt)


BALLOT = prepared()


def verify(body: bytes, context: BallotContext = CONTEXT) -> None:
    verify_body(body, context, MANIFEST.shapes, MANIFEST.tally.key)


def test_a_body_is_its_contests_and_nothing_else() -> None:
    verify(BALLOT.body)
    lengths = [shape.byte_length for shape in MANIFEST.shapes]
    assert len(BALLOT.body) == sum(lengths) == MANIFEST.body_bytes == 2016
    assert BALLOT.digest() == plain.sha256(BALLOT.body)


def test_attack_23_contests_cannot_change_places_or_ballots() -> None:
    first = MANIFEST.shapes[0].byte_length
    other = prepared(context=replace(CONTEXT, sequence=2))
    for body in (
        BALLOT.body[first:] + BALLOT.body[:first],
        other.body[:first] + BALLOT.body[first:],
        BALLOT.body[:first] + other.body[first:],
        other.body,
    ):
        with pytest.raises(
            (errors.InvalidProof, errors.EncodingError), match=r"equation \d of a contest|coordinate is out|not below"
        ):
            verify(body)


@pytest.mark.parametrize(
    "marks", [((0, 1),), ((0, 1), (1, 0, 1), (1,)), ((1, 1), (1, 0, 1)), ((0, 1), (0, 0, 0)), ((0, 2), (1, 0, 1))]
)
def test_marks_that_the_contests_do_not_allow(marks: Any) -> None:
    with pytest.raises(ValueError, match="mark"):
        prepared(marks)


def test_chunks_name_bad_bodies_and_sum_the_good() -> None:
    contexts = [replace(CONTEXT, sequence=number) for number in range(1, 6)]
    bodies = [prepared(context=context).body for context in contexts]
    bad = bytearray(bodies[2])
    bad[-1] ^= 1
    bodies[2] = bytes(bad)
    bodies[4] = bodies[4][:-1]
    result = check_bodies(BodyTask(MANIFEST.shapes, MANIFEST.tally.key, tuple(zip(contexts, bodies, strict=True))))
    assert result.invalid.keys() == {2, 4}
    good = [(contexts[i], bodies[i]) for i in (0, 1, 3)]
    assert check_bodies(BodyTask(MANIFEST.shapes, MANIFEST.tally.key, tuple(good))).sums == result.sums
    nothing = check_bodies(BodyTask(MANIFEST.shapes, MANIFEST.tally.key, ()))
    assert (nothing.invalid, nothing.sums) == ({}, bytes(96 * 2 * 5))


# --- challenge


def test_an_opening_shows_the_marks() -> None:
    opening = open_ballot(BALLOT)
    check_opening(opening, BALLOT.digest(), MANIFEST)
    assert [[mark for mark, _ in contest] for contest in opening.contests] == [list(contest) for contest in MARKS]
    assert Opening.from_bytes(opening.to_bytes()) == opening


def test_attack_31_an_opening_with_other_marks_is_found() -> None:
    opening = open_ballot(BALLOT)
    for contest, options in enumerate(opening.contests):
        for option, (mark, r) in enumerate(options):
            changed = list(opening.contests)
            changed[contest] = (*options[:option], (1 - mark, r), *options[option + 1 :])
            with pytest.raises(errors.InvalidOpening, match=f"contest {contest}, option {option}: the machine"):
                check_opening(replace(opening, contests=tuple(changed)), BALLOT.digest(), MANIFEST)


def test_attack_31_the_hash_comes_from_the_voter() -> None:
    other = prepared()
    assert other.digest() != BALLOT.digest()
    with pytest.raises(errors.InvalidOpening, match="not the one whose hash you noted"):
        check_opening(open_ballot(other), BALLOT.digest(), MANIFEST)


# --- envelopes


def test_an_envelope_has_212_bytes_in_this_order() -> None:
    vote = world().votes[1]
    payload = vote.envelope.partition(b"\x00")[2]
    assert len(payload) == PAYLOAD_BYTES == 212
    envelope = parse_envelope(vote.envelope)
    assert (envelope.election, envelope.manifest) == (payload[:32], payload[32:64])
    assert (envelope.pseudonym, envelope.credential) == (payload[64:96], payload[96:144])
    assert (envelope.sequence, payload[144:148]) == (2, b"\x00\x00\x00\x02")
    assert (envelope.replaces, envelope.body) == (payload[148:180], payload[180:])
    assert envelope.replaces == plain.sha256(world().votes[0].envelope)


def test_every_field_of_an_envelope_is_signed() -> None:
    from crypto.blindsig.blinding import Credential

    key = SigningKey(Secret(b"v" * 32))
    fields: dict[str, Any] = {
        "election": b"e" * 32,
        "manifest": b"m" * 32,
        "credential": Credential(key.public, b"c" * 48),
        "sequence": 1,
        "replaces": bytes(32),
        "body": b"b" * 32,
    }
    changed = {
        "election": b"f" * 32,
        "manifest": b"n" * 32,
        "credential": Credential(key.public, b"d" * 48),
        "sequence": 2,
        "replaces": b"r" * 32,
        "body": b"a" * 32,
    }
    signatures = {sign_envelope(**fields, pseudonym=key).signature}
    for name, value in changed.items():
        signatures.add(sign_envelope(**(fields | {name: value}), pseudonym=key).signature)
    assert len(signatures) == 7


# --- draws


def lottery_key() -> Any:
    ceremony = world().lottery
    followed = Ceremony(Session.from_json(ceremony.descriptor), ceremony.scope)
    for message in ceremony.messages:
        followed.accept(signed(message))
    return followed.derive()


def test_a_draw_is_the_same_for_every_subset_and_names_bad_parts() -> None:
    key, election, options = lottery_key(), b"e" * 32, (1, 4, 7)
    message = lottery.draw_message(election, 2, options)
    parts = {j: encode_g1(plain.times(message, share)) for j, share in world().lottery.shares.items()}
    draws = {
        lottery.combine_draw(key, election, 2, options, {j: parts[j] for j in pair}) for pair in combinations(parts, 2)
    }
    assert len(draws) == 1
    bad = {**parts, 1: parts[2]}
    assert lottery.combine_draw(key, election, 2, options, bad) in draws
    with pytest.raises(
        errors.ThresholdNotMet, match=r"1 good parts of a draw, 2 are needed; bad are those of \[1\]"
    ) as raised:
        lottery.combine_draw(key, election, 2, options, {1: parts[2], 3: parts[3]})
    assert (raised.value.used, raised.value.bad, raised.value.missing) == ({3}, {1}, {2})
    order = lottery.draw_order(next(iter(draws)), options)
    assert sorted(order) == list(options)
    assert lottery.draw_order(next(iter(draws)), tuple(reversed(options))) == order


def test_a_draw_is_bound_to_election_contest_and_options() -> None:
    points = {
        encode_g1(lottery.draw_message(election, contest, options))
        for election in (b"e" * 32, b"f" * 32)
        for contest in (0, 1)
        for options in ((0, 1), (0, 2), (0, 1, 2), (1,))
    }
    assert len(points) == 16


# --- ceremony messages on the ledger


def election_in_ceremony() -> Election:
    register = register_of(len(EVERYTHING))
    election = Election(register.elections[world().election], register, lambda _: None)
    for ceremony in (world().registrars, world().trustees):
        election.ceremonies[ceremony.role] = Ceremony(Session.from_json(ceremony.descriptor), ceremony.scope)
    election.state = State.CEREMONY
    return election


def ceremony_entry(message: SignedMessage) -> Any:
    members = {"statement": encode_base64(message.statement), "signature": message.signature.hex()}
    return parse_entry(make_entry("ceremony", bytes(32), members))


def test_a_message_goes_to_the_session_that_it_names() -> None:
    """A trustee may commit to any hash, also to one that equals the registrars' session id."""
    election = election_in_ceremony()
    trustees = world().trustees
    payload = {"commitment": world().registrars.session_id.hex(), "party": 1, "session": trustees.session_id.hex()}
    statement = make_json_statement(LABELS[Round.COMMITMENT], payload)
    election._take_ceremony(ceremony_entry(SignedMessage(statement, trustees.people[0].signing.sign(statement))))
    assert election.ceremonies["trustee"].accepted == 1
    assert election.ceremonies["registrar"].accepted == 0


def test_messages_of_both_sessions_and_of_none() -> None:
    election = election_in_ceremony()
    for ceremony in (world().trustees, world().registrars):
        election._take_ceremony(ceremony_entry(signed(ceremony.messages[0])))
        assert election.ceremonies[ceremony.role].accepted == 1
    with pytest.raises(errors.Excluded, match="C1: "):
        election._take_ceremony(ceremony_entry(signed(world().lottery.messages[0])))
    with pytest.raises(errors.Excluded, match="C1: "):
        election._take_ceremony(ceremony_entry(signed(world().trustees.messages[0])))
    election.state = State.NOMINATION
    with pytest.raises(errors.Excluded, match="C1: "):
        election._take_ceremony(ceremony_entry(signed(world().trustees.messages[1])))
