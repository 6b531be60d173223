# SPDX-License-Identifier: AGPL-3.0-or-later
"""Flaws R11, R14, R15 and R16: what people do who should not: checkers, lottery holders, ceremony parties, the board.

Each test lets some of them cheat, or say nothing, at the worst moment. What they send is excluded or refused, what they
keep back is visible, and the others go on as soon as the rules allow.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import crypto.sharing.party as party_module
from crypto import errors, labels
from crypto.group import G1, G1_IDENTITY, decode_g1, decode_uncleared, encode_g1, scalar
from crypto.protocol.contents import Appointment, Certificate, Void
from crypto.protocol.envelope import SignedEnvelope
from crypto.protocol.lottery import Draw, combine_draw, draw_share
from crypto.protocol.phases import State
from crypto.protocol.preparation import build_voting
from crypto.protocol.proposals import approval_statement
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from crypto.roles.holder import Holder
from crypto.roles.member import CastBallot
from crypto.sharing.ceremony import Round, SignedMessage
from crypto.sharing.polynomial import evaluate
from crypto.sharing.session import REGISTRAR, TRUSTEE, Session
from crypto.signing import make_json_statement
from tests.attacks.play import audit_forged, audit_world, recast, refusals
from tests.audits import run_command
from tests.forge.base import Hook
from tests.worlds import ORDER, SmallWorld, copy_world, played_world


def play(world: SmallWorld, after: str) -> SmallWorld:
    """All steps after `after`, to the end of voting."""
    for step in ORDER[ORDER.index(after) + 1 :]:
        if step == "freeze_roll":
            world.next_register_batch()
            world.sync()
        getattr(world, step)()
    return world


def approve_blindly(world: SmallWorld) -> None:
    """A corrupt quorum of the board signs whatever is proposed."""
    proposal = world.running.election.proposals[-1]
    statement = approval_statement(world.identifier, proposal.digest)
    world.running.submit_approval(proposal, [member.sign_statement(statement) for member in world.board[:2]])
    world.next_batch()
    world.sync()


def require_nobody_signs(world: SmallWorld, refusal: type[Exception], words: str) -> None:
    for member in world.board:
        with pytest.raises(refusal, match=words):
            member.approve(world.now)


# --- R11


def test_flaw_R11_opened_ballot_is_nobodys_ballot(tmp_path: Path) -> None:
    """The checker has the opening, the pseudonym's old envelope and a credential of its own; it posts what it can."""
    world = played_world("vote")
    victim, checker = world.voters[:2]
    opened = victim.prepare([[0, 0, 1, 1]])
    victim.challenge(opened)
    held = [item.held for item in world.running.election.collected["ballot"]]
    old = next(h for h in held if isinstance(h, SignedEnvelope) and h.envelope.digest() == victim._last)
    mine = recast(checker, opened.body, sequence=2, replaces=checker._last)
    wanted = recast(victim, opened.body, sequence=2, replaces=victim._last).signed.envelope
    forgeries = {"B10": mine, "B4": CastBallot(replace(old, envelope=wanted), opened.body)}
    indices = {}
    for rule, ballot in forgeries.items():
        (answer,) = world.running.intake.submit([ballot])
        assert isinstance(answer, errors.Excluded)
        assert answer.rule == rule
        for member in world.board:
            with pytest.raises(errors.CryptoError):
                member.relay.accept(ballot, member.copies.election, world.now)
        indices[world.append("ballot", ballot.signed.entry_members(), ballot.body)] = rule
    world.end_voting().finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == indices
    assert result.report["counts"]["counted"] == 10


@pytest.mark.parametrize("marks", [[[0, 0, 1, 1]], [[1, 0, 0, 1]], [[0, 0, 0, 0]]])
def test_flaw_R11_opening_reads_no_ballot_of_a_restored_machine(marks: list[list[int]]) -> None:
    """A machine without randomness is set back to before the challenge; what it casts then is under other secrets."""
    world = played_world("begin_voting")
    client, tally_key = world.members[0], decode_g1(world.manifest.tally.key)
    with patch.object(secrets, "token_bytes", lambda n=32: bytes(n)):
        voter, restored = world.voter(client), world.voter(client)
        opening = voter.challenge(voter.prepare([[1, 1, 0, 0]]))
        cast = restored.cast(restored.prepare(marks))
    points = [decode_uncleared(cast.body[start : start + 96]) for start in range(0, 8 * 96, 96)]
    for option, (mark, randomness) in enumerate(opening.contests[0]):
        a, b = (decode_g1(encode_g1(point)) for point in points[2 * option : 2 * option + 2])
        known = decode_uncleared(opening.body[192 * option : 192 * option + 96])
        assert encode_g1(known) == encode_g1(G1 * randomness)
        assert a != G1 * randomness
        assert b - tally_key * randomness not in (G1_IDENTITY, G1), mark


# --- R14

TIE = ([[1, 1, 0, 0]],) * 4 + ([[1, 0, 1, 0]],) * 4 + ([[1, 0, 0, 0]],) * 2
"""Ten votes: option 0 has a seat, options 1 and 2 tie for the other."""


@cache
def _tied() -> SmallWorld:
    world = played_world("begin_voting")
    for member, marks in zip(world.members, TIE, strict=True):
        voter = world.voter(member)
        world.cast(voter.cast(voter.prepare(marks)))
    world.end_voting().propose_closing()
    world.approve()
    return world


def tied(*, tallied: bool = True) -> SmallWorld:
    """An election with a tie, closed or also decrypted."""
    world = copy_world(_tied())
    if tallied:
        for trustee in world.trustees[:2]:
            world.running.submit_message("decryption", *trustee.decrypt(trustee.recount()))
        world.next_batch()
        world.sync()
        world.running.election.assume_tallied()
    return world


def parts(world: SmallWorld, numbers: Sequence[int]) -> dict[int, bytes]:
    """What these holders answer, each from its own copy of the ledger."""
    judged = world.trustees[0].recount()
    return {world.lottery[n].require_share().index: world.lottery[n].draw(judged)[0] for n in numbers}


def colluding(world: SmallWorld, contest: int, options: Sequence[int], election: bytes | None = None) -> Draw:
    """A draw that all holders together make over any message."""
    shares, election = [holder.require_share() for holder in world.lottery], election or world.identifier
    signed = {share.index: draw_share(share, election, contest, options) for share in shares}
    return Draw(contest, tuple(options), combine_draw(shares[0].key, election, contest, options, signed))


def log_draw(world: SmallWorld, draw: Draw) -> int:
    return world.append("draw", draw.entry_members())


def test_flaw_R14_withheld_draw_is_waited_for_and_comes_out_the_same(tmp_path: Path) -> None:
    """Two of four answer: no certificate, no other draw, and the verifier says what is missing; then a third does."""
    world = tied()
    key = world.lottery[0].require_share().key
    combine: Callable[[dict[int, bytes]], bytes] = lambda some: combine_draw(key, world.identifier, 0, (1, 2), some)  # noqa: E731
    with pytest.raises(errors.ThresholdNotMet):
        combine(parts(world, (0, 1)))
    with pytest.raises(errors.WrongPhase, match="a draw is still due"):
        world.certify()
    (tmp_path / "before").mkdir()
    result = audit_world(world, tmp_path / "before")
    assert refusals(result) == ("INCOMPLETE", [])
    assert result.detail("V36") == "contest 0 ties; a draw is not there yet, a certificate is not"
    options = result.report["results"][0]["options"]
    assert [option["total"] for option in options] == [10, 4, 4, 0]
    assert [option["elected"] for option in options] == [True, False, False, False]
    given = parts(world, range(4))
    signatures = {combine({i: given[i] for i in some}) for some in combinations(given, 3)}
    assert len(signatures) == 1
    log_draw(world, Draw(0, (1, 2), signatures.pop()))
    world.certify()
    assert refusals(audit_world(world, tmp_path)) == ("VALID", [])


def test_flaw_R14_holder_that_answers_otherwise_is_named() -> None:
    world = tied()
    share = world.lottery[0].require_share()
    given = {**parts(world, range(3)), share.index: draw_share(share, world.identifier, 0, (0, 1))}
    with pytest.raises(errors.ThresholdNotMet) as caught:
        combine_draw(share.key, world.identifier, 0, (1, 2), given)
    assert caught.value.bad == {share.index}
    more = {**given, **parts(world, (3,))}
    assert combine_draw(share.key, world.identifier, 0, (1, 2), more) == colluding(world, 0, (1, 2)).signature


OTHER: dict[str, Callable[[SmallWorld], Draw]] = {
    "other options": lambda world: colluding(world, 0, (0, 1)),
    "one option more": lambda world: colluding(world, 0, (1, 2, 3)),
    "another contest": lambda world: colluding(world, 1, (1, 2)),
    "signature over other options": lambda world: replace(colluding(world, 0, (1, 3)), options=(1, 2)),
    "signature for another election": lambda world: colluding(world, 0, (1, 2), bytes(32)),
    "another point": lambda _: Draw(0, (1, 2), encode_g1(G1 * scalar(3))),
    "no point": lambda _: Draw(0, (1, 2), bytes(48)),
}


def test_flaw_R14_draws_over_another_message_are_listed_and_one_counts(tmp_path: Path) -> None:
    """All holders collude: what they sign for another message is excluded, before and after the one draw; so is a second."""
    world = tied()
    indices = [log_draw(world, make(world)) for make in OTHER.values()]
    good = colluding(world, 0, (1, 2))
    log_draw(world, good)
    indices += [log_draw(world, draw) for draw in (good, colluding(world, 0, (0, 1)))]
    certificate = world.certify()
    assert certificate.excluded == tuple((index, "L1") for index in indices)
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == dict.fromkeys(indices, "L1")


def test_flaw_R14_nobody_draws_before_the_totals_are_there(tmp_path: Path) -> None:
    """A holder asks the ledger and answers nothing; a draw that all make behind its back is before the tally, so none."""
    world = tied(tallied=False)
    judged = world.trustees[0].recount()
    for holder in world.lottery:
        with pytest.raises(errors.ThresholdNotMet, match="0 accepted decryptions"):
            holder.draw(judged)
    index = log_draw(world, colluding(world, 0, (1, 2)))
    world.decrypt()
    assert world.certify().excluded == ((index, "L1"),)
    assert refusals(audit_world(world, tmp_path)) == ("VALID", [])


def test_flaw_R14_board_does_not_seat_the_loser_of_the_draw(tmp_path: Path) -> None:
    def swap(certificate: Certificate) -> Certificate:
        contest = certificate.contests[0]
        loser = ({1, 2} - set(contest.elected)).pop()
        return replace(certificate, contests=(replace(contest, elected=(0, loser)),))

    world = tied()
    world.draw_lots()
    propose_certificate(world, swap)
    require_nobody_signs(world, errors.ContentMismatch, "contests")
    approve_blindly(world)
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INVALID", ["V37"])
    assert "the certificate elects" in result.detail("V37")


def propose_certificate(world: SmallWorld, change: Callable[[Certificate], Certificate]) -> None:
    judged, election = world.trustees[0].recount(), world.running.election
    decryptions = judge_decryptions(election, judged)
    result = compute_result(election, judged, decryptions)
    certificate = make_certificate(election, judged, decryptions, result, election.size + 1)
    world.propose(State.CERTIFIED, change(certificate).to_bytes())


# --- R15


def join(*holders: Holder) -> None:
    for holder in holders:
        holder.join_election()


def carry(world: SmallWorld, holders: Sequence[Holder], silent: Holder | None = None, since: int = 1) -> None:
    """Carry the messages of a ceremony for one batch more than it has rounds; one party is silent from a round on."""
    for _ in range(len(Round) + 1):
        for holder in holders:
            if holder is not silent or holder.party.ceremony.round < since:
                for message in holder.party.next_messages():
                    world.running.submit_message("ceremony", message)
        world.next_batch()
        world.sync()


def next_session(world: SmallWorld, old: Session, left_out: Sequence[int], threshold: int) -> Session:
    """The session after `old`, without some parties."""
    stay = tuple(party for index, party in enumerate(old.parties, 1) if index not in left_out)
    gone = tuple(sorted(old.parties[index - 1].key for index in left_out))
    return Session(old.role, old.number + 1, threshold, stay, gone)


def appoint_again(world: SmallWorld, session: Session) -> None:
    for member in world.board:
        member.decisions = replace(member.decisions, sessions=(session,))
    world.propose(State.CEREMONY, Appointment(world.identifier, (session,)).to_bytes())


@pytest.mark.parametrize(("role", "since"), [(REGISTRAR, Round.CONFIRMATION), (TRUSTEE, Round.COMMITMENT)])
def test_flaw_R15_party_that_is_silent_is_named_and_left_out(role: str, since: Round, tmp_path: Path) -> None:
    """It commits and deals and never signs the transcript, or it never comes: the others make the key without it."""
    world = played_world("appoint")
    holders: list[Any] = world.registrars if role == REGISTRAR else world.trustees
    join(*holders)
    carry(world, holders, holders[-1], since)
    ceremony = world.running.election.ceremonies[role]
    assert (ceremony.complete, ceremony.culprits()) == (False, frozenset({len(holders)}))
    threshold = 3 if role == REGISTRAR else 2
    # Somebody else is left out instead, by a corrupt quorum: the ledger refuses it.
    appoint_again(world, next_session(world, ceremony.session, [1], threshold))
    require_nobody_signs(world, errors.ContentMismatch, "exactly the culprits")
    with pytest.raises(errors.ContentMismatch, match="exactly the culprits"):
        approve_blindly(world)
    appoint_again(world, next_session(world, ceremony.session, [len(holders)], threshold))
    world.approve()
    holders.pop()
    everybody = (*world.registrars, *world.trustees)
    join(*everybody)
    carry(world, everybody)
    for holder in everybody:
        holder.keep_share()
    assert world.running.election.state is State.NOMINATION
    if role == TRUSTEE:
        play(world, "make_keys").finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID" if role == TRUSTEE else "INCOMPLETE", [])
    assert {result.statuses[check] for check in ("V17", "V18", "V19")} == {"PASS"}
    assert f"{role}s {threshold} of {len(holders)}, session 2" in result.detail("V17")


def verdict_about(world: SmallWorld, party: int, dealer: int) -> SignedMessage:
    """A complaint of a trustee, true or not."""
    session = world.running.election.ceremonies[TRUSTEE].session_id
    payload = {"complaints": [dealer], "party": party, "session": session.hex()}
    statement = make_json_statement(labels.CEREMONY_VERDICT, payload)
    return SignedMessage(statement, world.keys.trustees[party - 1].signing.sign(statement))


def test_flaw_R15_false_complaint_is_settled_by_the_dealer(tmp_path: Path) -> None:
    """Trustee 2 complains about a good share of trustee 1; it is disclosed, fits, and nobody is left out."""
    world = played_world("appoint")
    liar = world.trustees[1]
    honest = party_module.CeremonyParty.next_messages

    def lie(party: party_module.CeremonyParty) -> list[SignedMessage]:
        messages = honest(party)
        if party is liar._party and messages and party.ceremony.round is Round.VERDICT:
            return [verdict_about(world, 2, 1)]
        return messages

    with patch.object(party_module.CeremonyParty, "next_messages", lie):
        world.make_keys()
    ceremony = world.running.election.ceremonies[TRUSTEE]
    assert (ceremony.complaints[2], ceremony.complete, set(ceremony.disclosed)) == (frozenset({1}), True, {(1, 2)})
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INCOMPLETE", [])
    assert result.statuses["V19"] == "PASS"


@pytest.mark.parametrize("game", ["discloses the share", "says nothing", "discloses another share"])
def test_flaw_R15_bad_share_is_mended_or_its_dealer_is_out(game: str) -> None:
    """Trustee 1 seals a wrong share to trustee 2, which complains."""
    world = played_world("appoint")
    true, dealer = evaluate, world.trustees[0]
    with patch.object(party_module, "evaluate", lambda p, j: true(p, j) + scalar(1 if j == 2 else 0)):
        join(dealer)
    join(*world.trustees[1:])
    silent = dealer if game == "says nothing" else None
    lie = true if game != "discloses another share" else lambda p, j: true(p, j) + scalar(5)
    with patch.object(party_module, "evaluate", lie):
        carry(world, world.trustees, silent, Round.DISCLOSURE)
    ceremony = world.running.election.ceremonies[TRUSTEE]
    assert ceremony.complaints[2] == {1}
    if game == "discloses the share":
        assert (ceremony.complete, ceremony.culprits()) == (True, frozenset())
        assert [holder.keep_share().index for holder in world.trustees] == [1, 2, 3]
        return
    assert (ceremony.complete, ceremony.culprits()) == (False, frozenset({1}))
    rules = [why.rule for why in world.running.election.excluded.values()]
    assert set(rules) == (set() if silent else {"C1"})
    assert silent or any("does not fit" in why.reason for why in world.running.election.excluded.values())
    appoint_again(world, next_session(world, ceremony.session, [1], 2))
    world.approve()
    join(*world.trustees[1:])
    carry(world, world.trustees[1:])
    assert world.running.election.ceremonies[TRUSTEE].complete


def test_flaw_R15_too_few_readable_shares_open_no_vote(tmp_path: Path) -> None:
    """One trustee of three proves its share: neither the board nor, with a corrupt quorum, the ledger goes on."""
    world = played_world("ask")

    def ready(number: int) -> None:
        message = world.trustees[number].readiness(world.manifest.digest())
        world.running.submit_message("readiness", message)
        world.next_batch()
        world.sync()
        world.propose(State.VOTING, build_voting(world.running.election, world.running.election.size).to_bytes())

    ready(0)
    require_nobody_signs(world, errors.ContentMismatch, r"only trustees \[1\] proved")
    with pytest.raises(errors.InvalidApproval, match="1 trustees proved that their shares are readable, 2 are needed"):
        approve_blindly(world)
    ready(1)
    world.approve()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INCOMPLETE", [])
    assert (result.report["state"], result.statuses["V24"]) == ("voting", "PASS")
    assert any("trustees" in warning for warning in result.report["warnings"])


def test_flaw_R15_record_with_too_few_ready_trustees_is_invalid(tmp_path: Path) -> None:
    hooks: dict[str, Hook] = {"ready trustees": lambda _, x: x[:1], "listed trustees": lambda _f, _v: [1]}
    _, result = audit_forged(hooks, tmp_path)
    assert refusals(result) == ("INVALID", ["V24"])
    assert result.detail("V24") == "1 trustees were ready at `voting`; 2 are needed"


def test_flaw_R15_too_few_decryptions_are_waited_for(tmp_path: Path) -> None:
    """One trustee of three decrypts: nothing is known, nothing is invalid; another one comes later."""
    world = tied(tallied=False)
    world.running.submit_message("decryption", *world.trustees[2].decrypt(world.trustees[2].recount()))
    world.next_batch(5)
    world.sync()
    with pytest.raises(errors.ThresholdNotMet, match="1 accepted decryptions, 2 are needed"):
        world.certify()
    (tmp_path / "before").mkdir()
    result = audit_world(world, tmp_path / "before")
    assert refusals(result) == ("INCOMPLETE", [])
    assert result.detail("V34") == "accepted of trustees 3; 0 excluded; 2 are needed"
    assert result.report["results"] == []
    world.decrypt()
    world.certify()
    assert refusals(audit_world(world, tmp_path)) == ("VALID", [])


# --- R16


def totals(report: dict[str, Any]) -> list[tuple[int, bool]]:
    return [(option["total"], option["elected"]) for option in report["results"][0]["options"]]


def test_flaw_R16_result_without_certificate_is_shown_and_incomplete(tmp_path: Path) -> None:
    """The board says nothing once it knows the result: whoever has the record reads it all the same."""
    world = tied()
    world.draw_lots()
    world.next_batch(10)
    (tmp_path / "before").mkdir()
    result = audit_world(world, tmp_path / "before")
    assert refusals(result) == ("INCOMPLETE", [])
    unchecked = {check for check, status in result.statuses.items() if status == "NOT CHECKED"}
    assert unchecked == {"V35", "V36", "V37", "V38", "V39"}
    assert "not certified: the totals were searched" in result.detail("V35")
    code, output, _ = run_command(tmp_path / "before/record", "--policy", tmp_path / "before/policy.json")
    assert code == 2
    assert "INCOMPLETE" in output
    assert "Person A" in output
    world.certify()
    final = audit_world(world, tmp_path)
    assert refusals(final) == ("VALID", [])
    assert totals(final.report) == totals(result.report)
    assert sum(elected for _, elected in totals(final.report)) == 2


def test_flaw_R16_false_certificate_that_is_only_proposed_hides_nothing(tmp_path: Path) -> None:
    """Proposed: the recomputed result, INCOMPLETE. Approved by a corrupt quorum: INVALID."""

    def falsify(certificate: Certificate) -> Certificate:
        contest = certificate.contests[0]
        return replace(certificate, contests=(replace(contest, totals=(10, 3, 5, 0)),))

    world = tied()
    world.draw_lots()
    propose_certificate(world, falsify)
    require_nobody_signs(world, errors.ContentMismatch, "contests")
    (tmp_path / "before").mkdir()
    result = audit_world(world, tmp_path / "before")
    assert refusals(result) == ("INCOMPLETE", [])
    assert [total for total, _ in totals(result.report)] == [10, 4, 4, 0]
    approve_blindly(world)
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INVALID", ["V35"])
    assert "has not 3 marks" in result.detail("V35")


def test_flaw_R16_board_cannot_void_what_it_would_not_certify() -> None:
    world = tied()
    reason = {"en": "The board does not like the result."}
    world.decide_void(reason)
    world.running.election.state = State.CLOSED
    world.propose(State.VOID, Void(world.identifier, reason).to_bytes())
    require_nobody_signs(world, errors.WrongPhase, "the election has a result and is not given up")
    with pytest.raises(errors.InvalidApproval, match="only if fewer than t shares are left"):
        approve_blindly(world)
    world.draw_lots()
    world.certify()
    assert world.board[0].copies.election.state is State.CERTIFIED


def test_flaw_R16_vote_that_nobody_closes_is_counted_as_it_stands(tmp_path: Path) -> None:
    """Neither operator nor board closes: no result without trustees, but what was cast is counted in public."""
    world = played_world("end_voting")
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INCOMPLETE", [])
    assert "as it stands: counted 10" in result.detail("V29")
    assert "as the ballots stand, the encrypted tally is" in result.detail("V33")
    assert result.report["state"] == "voting"
