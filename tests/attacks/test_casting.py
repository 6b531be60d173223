# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 28 to 32: ballots replayed, reordered and opened, receipts that clash, generators that repeat."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

from crypto.errors import CryptoError, Excluded, ProtocolError
from crypto.group import scalar
from crypto.proofs.contest import BallotContext
from crypto.protocol.opening import Opening, check_opening, open_ballot
from crypto.protocol.promise import Promise
from crypto.roles.member import CastBallot, Voter
from tests.attacks.play import (
    audit_forged,
    good_body,
    point_at,
    recast,
    refusals,
    shared_voter,
    shared_world,
)
from tests.attacks.replay import replay
from tests.audits import run_command
from tests.forge import BallotSpec, Script, forge
from tests.forge.base import MARKS, make_body
from tests.forge.preparation import OPENS
from tests.worlds import SmallWorld, played_world

# --- 28


def test_attack_28_old_ballot_posted_again_changes_nothing() -> None:
    world = played_world("vote")
    voter, number = world.voters[0], len(world.running.election.collected["ballot"])
    first = next(p for p in world.promises if p.envelope == voter._last)
    old = cast_of(world, voter)
    second = voter.cast(voter.prepare([[0, 0, 0, 1]]))
    (promise,) = world.cast(second)
    world.next_batch()
    for _ in range(7):
        world.next_batch()
    (again,) = world.cast(old)
    assert again == first
    world.next_batch()
    assert len(world.running.election.collected["ballot"]) == number + 1
    head = world.recount().chains.head(voter.credential.pseudonym)
    assert head is not None
    assert head.digest == promise.envelope


def cast_of(world: SmallWorld, voter: Voter) -> CastBallot:
    """The newest ballot of a voter, as it stands on the ledger."""
    item = next(
        item
        for item in reversed(world.running.election.collected["ballot"])
        if item.held.envelope.pseudonym == voter.credential.pseudonym
    )
    return CastBallot(item.held, world.bodies.get(item.held.envelope.body))


@pytest.mark.parametrize(
    ("sequence", "replaces"), [(1, None), (3, "last"), (2, None), (2, "other"), (0, None), (2**32 - 1, "last")]
)
def test_attack_28_ballot_out_of_its_chain_is_refused(sequence: int, replaces: str | None) -> None:
    world = shared_voted_world()
    voter = world.voters[0]
    last = {"last": voter._last, "other": world.voters[1]._last, None: bytes(32)}[replaces]
    cast = recast(voter, good_body(voter), sequence=sequence, replaces=last)
    (answer,) = world.running.intake.submit([cast])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B7"


@cache
def shared_voted_world() -> SmallWorld:
    return played_world("vote")


def test_attack_28_replays_on_the_ledger_are_excluded_and_the_last_vote_counts(tmp_path: Path) -> None:
    """Voter 1 voted A, then B; whoever holds the log key appends A again, A signed anew, a gap, and B before A."""

    def hook(script: Script, _: None) -> None:
        pseudonym = script.ballot(1).pseudonym
        old, new = (spec for _, spec in script.specs if spec.pseudonym == pseudonym)
        first, second = (script.envelope(spec).envelope.digest() for spec in (old, new))
        script.add_ballots(
            [
                BallotSpec(old.members, old.body, old.pseudonym, "B7"),
                script.ballot(1, 1, outcome="B7"),
                script.ballot(1, 2, first, outcome="B7"),
                script.ballot(1, 4, second, outcome="B7"),
                script.ballot(1, 3, first, outcome="B7"),
                script.ballot(1, 3, outcome="B7"),
                BallotSpec(new.members, new.body, new.pseudonym, "B7"),
            ]
        )

    script, result = audit_forged({f"voting batch {OPENS + 2}": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert len(script.excluded) == 7
    assert result.report["counts"]["superseded"] == 1
    assert replay(script).rules == script.excluded


def test_attack_28_later_ballot_before_the_earlier_one_leaves_only_the_earlier(tmp_path: Path) -> None:
    """The log puts B (seq 2) into the batch before A (seq 1): B is out of its chain, A counts; both say so."""

    def early(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        pseudonym = script.ballot(1).pseudonym
        script.kept = next(spec for spec in ballots if spec.pseudonym == pseudonym)
        second = script.ballot(1, 2, script.envelope(script.kept).envelope.digest(), outcome="B7")
        return [*(spec for spec in ballots if spec.pseudonym != pseudonym), second]

    def late(script: Script, _: list[BallotSpec]) -> list[BallotSpec]:
        script.kept.outcome = None
        return [script.kept]

    script, result = audit_forged({"ballots": early, "later ballots": late}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert list(result.excluded.values()) == ["B7"]
    assert replay(script).rules == script.excluded


def test_attack_28_two_ballots_with_one_number_in_one_post_give_one_promise() -> None:
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    casts = [recast(voter, good_body(voter, marks)) for marks in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))]
    answers = world.running.intake.submit(casts)
    assert [isinstance(answer, Promise) for answer in answers] == [True, False, False]
    assert [answer.rule for answer in answers[1:] if isinstance(answer, Excluded)] == ["B7", "B7"]


def test_attack_28_relay_sends_ballots_in_another_order() -> None:
    """What the relay holds of one voter arrives backwards: only what continues the chain is taken, the rest later."""
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    first, second = (voter.cast(voter.prepare([[mark, 0, 0, 0]])) for mark in (1, 0))
    answers = world.running.intake.submit([second], from_relay=True)
    assert isinstance(answers[0], Excluded)
    assert [isinstance(world.running.intake.submit([cast])[0], Promise) for cast in (first, second)] == [True, True]


# --- 30


def test_attack_30_two_voters_with_one_pseudonym_find_out() -> None:
    """A corrupt client gives two members one voting secret: the second one's ballot conflicts, and is not taken for it."""
    world = played_world("begin_issuing")
    world.members[1] = replace(world.members[1], voting_secret=world.members[0].voting_secret)
    world.ask().begin_voting()
    one, other = (world.voter(member) for member in world.members[:2])
    assert one.credential.pseudonym == other.credential.pseudonym
    (mine,) = world.cast(one.cast(one.prepare([[1, 0, 0, 0]])))
    theirs = other.cast(other.prepare([[0, 1, 0, 0]]))
    (answer,) = world.cast(theirs)
    assert isinstance(mine, Promise)
    assert isinstance(answer, Excluded)
    assert answer.rule == "B7"
    with pytest.raises(ProtocolError, match="the promise is for another ballot"):
        other.check_promise(mine, theirs, world.now)


def test_attack_30_receipt_says_how_many_entries_match(tmp_path: Path) -> None:
    """One receipt for two voters would need two entries with one envelope: the check page counts them."""

    def twice(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        spec = next(spec for _, spec in script.specs if spec.pseudonym == script.ballot(9).pseudonym)
        return [*ballots, BallotSpec(spec.members, spec.body, spec.pseudonym, "B7")]

    script, _ = audit_forged({"later ballots": twice}, tmp_path)
    number = next(n for n, (_, spec) in enumerate(script.specs) if spec.pseudonym == script.ballot(9).pseudonym)
    (tmp_path / "receipt.json").write_bytes(script.receipt(number).to_bytes())
    code, output, _ = run_command(
        "receipt",
        tmp_path / "receipt.json",
        "--record",
        tmp_path / "record",
        "--policy",
        tmp_path / "policy.json",
        "--json",
    )
    report = json.loads(output)
    assert (code, report["verdict"]) == (1, "INVALID")
    assert [check["detail"] for check in report["checks"] if check["status"] == "FAIL"] == [
        f"2 entries of the ledger hold this envelope: {[index for index, s in script.specs if s.members == script.specs[number][1].members]}"
    ]


# --- 31


def test_attack_31_opened_ballot_is_never_cast() -> None:
    voter = shared_voter(2)
    ballot = voter.prepare([[1, 0, 0, 0]])
    voter.challenge(ballot)
    with pytest.raises(ProtocolError, match="an opened ballot is never cast; make a new one"):
        voter.cast(ballot)


def test_attack_31_cast_ballot_is_never_opened() -> None:
    """Its randomness would prove the vote to whoever asks for it."""
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    ballot = voter.prepare([[1, 0, 0, 0]])
    voter.cast(ballot)
    with pytest.raises(ProtocolError, match="cast"):
        voter.challenge(ballot)


def test_attack_31_opening_of_something_else_is_refused(tmp_path: Path) -> None:
    """`veche-verify ballot` takes the hash from the voter, and the record from anywhere."""
    script = forge()
    script.write(tmp_path)
    spec = script.ballot(9)
    context = BallotContext(script.manifest_digest, script.election, spec.pseudonym, 1)
    prepared = make_body(script.manifest, script.contests, context, MARKS[8])
    honest = json.loads(open_ballot(prepared).to_bytes())
    noted = prepared.digest()

    def checked(opening: dict, digest: bytes = noted) -> tuple[int, str]:
        (tmp_path / "opening.json").write_text(json.dumps(opening), encoding="utf-8")
        arguments = ("--record", tmp_path / "record", "--policy", tmp_path / "policy.json")
        code, output, _ = run_command("ballot", tmp_path / "opening.json", "--hash", digest.hex(), *arguments)
        return code, output.strip().splitlines()[-1]

    def changed(contest: int, option: int, **members: object) -> dict:
        contests = json.loads(json.dumps(honest["contests"]))
        contests[contest][option] |= members
        return {**honest, "contests": contests}

    assert checked(honest)[1] in ("VALID", "INCOMPLETE")
    first = honest["contests"][0]
    lies = {
        "another hash": (honest, bytes(32)),
        "another mark": (changed(0, 0, mark=1 - first[0]["mark"]), noted),
        "other randomness": (changed(1, 2, randomness=f"{5:064x}"), noted),
        "randomness of another option": (changed(0, 0, randomness=first[1]["randomness"]), noted),
        "an option left out": ({**honest, "contests": [first[:-1], honest["contests"][1]]}, noted),
        "a contest left out": ({**honest, "contests": [first]}, noted),
        "another election": ({**honest, "election": 64 * "0"}, noted),
        "another manifest": ({**honest, "manifest": 64 * "0"}, noted),
        "another pseudonym": ({**honest, "vk": bytes(script.ballot(8).pseudonym).hex()}, noted),
        "another sequence": ({**honest, "seq": 2}, noted),
        "a mark of 2": (changed(0, 0, mark=2), noted),
        "randomness above the order": (changed(0, 0, randomness=64 * "f"), noted),
    }
    for name, (opening, digest) in lies.items():
        assert checked(opening, digest) == (1, "INVALID"), name


def test_attack_31_member_tool_refuses_the_same_openings() -> None:
    world, voter = shared_world(), shared_voter(3)
    ballot = voter.prepare([[1, 0, 0, 1]])
    opening = voter.challenge(ballot)
    check_opening(Opening.from_bytes(opening.to_bytes()), ballot.digest(), world.manifest)
    marks = opening.contests[0]
    lies = (
        replace(opening, contests=(((0, marks[0][1]), *marks[1:]),)),
        replace(opening, contests=(((1, scalar(5)), *marks[1:]),)),
        replace(opening, contests=(marks[:-1],)),
        replace(opening, context=replace(opening.context, manifest=bytes(32))),
        replace(opening, context=replace(opening.context, sequence=2)),
    )
    for lie in lies:
        with pytest.raises(
            CryptoError, match=r"encrypted something else|other contests|another election|does not hold"
        ):
            check_opening(lie, ballot.digest(), world.manifest)


# --- 32


def test_attack_32_broken_generator_still_gives_fresh_randomness() -> None:
    """All randomness of the machine is one constant: the hedge keeps attempts, sequences and voters apart."""
    world = played_world("begin_voting")
    voters = [world.voter(member) for member in world.members[:2]]
    with patch.object(secrets, "token_bytes", lambda n=32: bytes(n)):
        bodies = [voter.prepare([[1, 0, 0, 0]]).body for voter in voters for _ in range(3)]
        voters[0].cast(voters[0].prepare([[1, 0, 0, 0]]))
        bodies.append(voters[0].prepare([[1, 0, 0, 0]]).body)
        bodies.append(voters[0].prepare([[0, 1, 0, 0]]).body)
    points = [point_at(body, place) for body in bodies for place in range(2 * 4 + 4)]
    assert len(points) == 8 * 12
    assert len(set(points)) == len(points)


def test_attack_32_request_is_the_same_though_the_generator_is_broken() -> None:
    """A request uses no randomness at all: nothing in it can carry a message."""
    world = played_world("begin_issuing")
    first = world.members[0].client().request(world.identifier)
    with patch.object(secrets, "token_bytes", lambda n=32: bytes(n)):
        assert world.members[0].client().request(world.identifier) == first
