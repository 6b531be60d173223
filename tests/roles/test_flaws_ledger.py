# SPDX-License-Identifier: AGPL-3.0-or-later
"""Flaws R5, R6, R8 and R13: when voting ends, what a promise is worth, where bodies are, and what registrars follow.

The operator has all keys of its own. What it leaves out keeps the board from signing, or is proved by a claim; what it
keeps back from mirrors is under no head, and what is lost later is listed or INCOMPLETE, never a reason for INVALID.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from crypto import errors
from crypto.blindsig.blinding import blind
from crypto.group import decode_g1, encode_g1
from crypto.hashing import sha256
from crypto.protocol.answers import make_answer
from crypto.protocol.contents import Extension
from crypto.protocol.credential import Request, make_request
from crypto.protocol.entry import make_entry
from crypto.protocol.envelope import SignedEnvelope
from crypto.protocol.phases import State
from crypto.protocol.promise import Promise, make_claim, make_promise
from crypto.protocol.proposals import approval_statement
from crypto.protocol.recount import recount
from crypto.roles.bodies import MemoryBodies
from crypto.roles.member import CastBallot
from crypto.roles.mirror import Mirror
from crypto.roles.witness import Witness
from crypto.secret import Secret
from crypto.signing import SigningKey
from tests.attacks.play import audit_world, refusals, sign
from tests.audits import Audit
from tests.worlds import INTERVAL, SmallWorld, copy_world, played_world

CLEAR = [[1, 1, 0, 0]]
"""Marks: if all vote like this the smallest margin is the number of voters."""


def cast(world: SmallWorld, number: int, marks: list[list[int]] = CLEAR) -> CastBallot:
    """A ballot of a member that nobody has seen yet."""
    voter = world.voter(world.members[number])
    return voter.cast(voter.prepare(marks))


def promised(world: SmallWorld, ballot: CastBallot, *, from_relay: bool = False) -> Promise:
    (answer,) = world.running.intake.submit([ballot], from_relay=from_relay)
    assert isinstance(answer, Promise), answer
    return answer


def vote(world: SmallWorld, numbers: range, marks: list[list[int]] = CLEAR) -> SmallWorld:
    for number in numbers:
        promised(world, cast(world, number, marks))
    world.next_batch()
    world.sync()
    return world


@cache
def nine_votes() -> SmallWorld:
    """All but member 9 have voted; to be copied."""
    return vote(played_world("begin_voting"), range(9))


def approve_blindly(world: SmallWorld) -> None:
    """A corrupt quorum of the board signs whatever is proposed."""
    proposal = world.running.election.proposals[-1]
    statement = approval_statement(world.identifier, proposal.digest)
    world.running.submit_approval(proposal, [member.sign_statement(statement) for member in world.board[:2]])
    world.next_batch()
    world.sync()


def finish(world: SmallWorld, folder: Path, *arguments: str | Path) -> Audit:
    """Decryption and certificate, and what the verifier says then."""
    world.decrypt()
    world.certify()
    return audit_world(world, folder, *arguments)


def require_nobody_signs(world: SmallWorld, words: str) -> None:
    for member in world.board:
        with pytest.raises(errors.ContentMismatch, match=words):
            member.approve(world.now)


# --- R5


def test_flaw_R05_ballot_that_the_server_left_out_keeps_the_board_from_signing(tmp_path: Path) -> None:
    """The operator answers nobody it dislikes; two relays got the ballot in time, and one honest signer is too few."""
    world = copy_world(nine_votes())
    unheard = cast(world, 9)
    for member in world.board[:2]:
        member.relay.accept(unheard, member.copies.election, world.now)
    world.end_voting()
    assert world.propose_closing().closing(world.running.election).counted == 9
    for member in world.board[:2]:
        with pytest.raises(errors.ContentMismatch, match="1 valid ballots that my relay received in time"):
            member.approve(world.now)
    world.running.submit_approval(world.running.election.proposals[-1], [world.board[2].approve(world.now)])
    with pytest.raises(errors.InvalidSignature):
        world.next_batch()
    (handed,) = world.board[0].relay.ballots()
    promised(world, handed, from_relay=True)
    world.next_batch()
    world.sync()
    world.propose_closing()
    world.approve()
    result = finish(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert {name: result.report["counts"][name] for name in ("counted", "late")} == {"counted": 10, "late": 1}


def test_flaw_R05_relay_is_no_veto_for_whoever_fills_it() -> None:
    """Ballots that no server could append are not owed: without the one before, overtaken, or with another body."""
    world = vote(played_world("begin_voting"), range(8))
    voter, other = world.voter(world.members[8]), world.voter(world.members[9])
    voter.cast(voter.prepare(CLEAR))
    alone = voter.cast(voter.prepare(CLEAR))
    overtaken = other.cast(other.prepare(CLEAR))
    other.resume(0, bytes(32))
    for member in world.board:
        for ballot in (alone, overtaken):
            member.relay.accept(ballot, member.copies.election, world.now)
        with pytest.raises(errors.ProtocolError, match="the body is not the one that the envelope names"):
            member.relay.accept(CastBallot(sign(voter, bytes(32)), alone.body), member.copies.election, world.now)
    promised(world, other.cast(other.prepare([[0, 0, 1, 1]])))
    world.end_voting()
    judged = world.propose_closing()
    assert all(member.relay.missing_from(judged) == [] for member in world.board)
    world.approve()
    assert world.running.election.state is State.CLOSED


def test_flaw_R05_after_the_end_only_relays_are_heard() -> None:
    world = vote(played_world("begin_voting"), range(8))
    late, relayed = cast(world, 8), cast(world, 9)
    world.board[0].relay.accept(relayed, world.board[0].copies.election, world.now)
    world.end_voting()
    (answer,) = world.running.intake.submit([late])
    assert isinstance(answer, errors.Excluded)
    assert (answer.rule, answer.reason) == ("B2", "ballots are not taken now")
    with pytest.raises(errors.WrongPhase, match="during voting only"):
        world.board[0].relay.accept(late, world.board[0].copies.election, world.now)
    promised(world, relayed, from_relay=True)
    with pytest.raises(errors.WrongPhase, match="1 promised ballots are not on the ledger yet"):
        world.propose_closing()


@pytest.mark.parametrize("behind", [False, True])
def test_flaw_R05_ballot_of_the_operators_friend_after_the_end_is_late_or_nothing(behind: bool, tmp_path: Path) -> None:
    """Past the intake, with the log key: before the closing's proposal it is reported as late, behind it it is nothing."""
    world = copy_world(nine_votes())
    friend = cast(world, 9)
    world.end_voting()
    if behind:
        world.propose_closing()
    world.append("ballot", friend.signed.entry_members(), friend.body)
    if not behind:
        world.propose_closing()
    world.approve()
    result = finish(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    found = [result.report["counts"][name] for name in ("counted", "late", "after_closing")]
    assert found == ([9, 0, 1] if behind else [10, 1, 0])
    assert behind or any("appended after the end" in warning for warning in result.report["warnings"])


@pytest.mark.parametrize(
    ("step", "batches", "words", "detail"),
    [
        ("vote", 0, "voting is not over", "voting ends with batch"),
        ("end_voting", 6, "the time for closing was over", "the closing was logged at"),
    ],
)
def test_flaw_R05_operator_does_not_choose_the_time_of_the_closing(
    step: str, batches: int, words: str, detail: str, tmp_path: Path
) -> None:
    world = played_world(step)
    world.next_batch(batches)
    world.sync()
    world.propose_closing()
    require_nobody_signs(world, words)
    approve_blindly(world)
    result = finish(world, tmp_path)
    assert refusals(result) == ("INVALID", ["V31"])
    assert detail in result.detail("V31")


def test_flaw_R05_flood_extends_the_vote_by_rule_and_no_further(tmp_path: Path) -> None:
    """For four intervals nothing can be logged: three batches are owed to the voters, and no member signs for four."""
    world = vote(played_world("begin_voting"), range(8))

    def extend(batches: int) -> None:
        world.propose(State.VOTING, Extension(world.identifier, batches).to_bytes())

    extend(1)
    require_nobody_signs(world, "by at most 0 batches")
    closes = world.running.election.voting_closes
    world.now += 4 * INTERVAL
    world.next_batch()
    world.sync()
    extend(4)
    require_nobody_signs(world, "by at most 3 batches")
    extend(3)
    world.approve()
    assert world.running.election.voting_closes == closes + 3
    while world.running.sequencer.batch < closes + 1:
        world.next_batch()
    world.sync()
    vote(world, range(8, 10)).end_voting()
    world.propose_closing()
    world.approve()
    result = finish(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert {name: result.report["counts"][name] for name in ("counted", "late")} == {"counted": 10, "late": 0}
    assert result.detail("V32") == "by 3 batches, for 1 outages"


# --- R6


def test_flaw_R06_nothing_is_promised_before_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: no promise, and the pseudonym's place in its chain is still free."""
    world = played_world("begin_voting")
    ballot = cast(world, 0)
    with monkeypatch.context() as broken:
        broken.setattr(MemoryBodies, "put", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            world.running.intake.submit([ballot])
    assert world.running.intake.owed == 0
    promise = promised(world, ballot)
    promise.verify(world.manifest.promise_key)
    assert world.running.intake.owed == 1
    assert promised(world, ballot).to_bytes() == promise.to_bytes()


LOST: dict[str, tuple[str, list[list[int]], tuple[str, list[str]], str, int]] = {
    "voter asks again": ("voter", CLEAR, ("VALID", []), "not proved: the promise was kept", 0),
    "relay has it": ("relay", CLEAR, ("VALID", []), "not proved: the promise was kept", 0),
    "nobody has it, clear result": ("nobody", CLEAR, ("VALID", []), "proved, the server broke its promise", 1),
    "nobody has it, close result": ("nobody", [[1, 0, 0, 0]], ("INVALID", ["V41"]), "proved, the server broke", 1),
}


@pytest.mark.parametrize("name", LOST)
def test_flaw_R06_promise_outlives_the_queue_that_was_lost(name: str, tmp_path: Path) -> None:
    """The server crashes with promised ballots in memory: they come back, or the promise convicts the server."""
    who, marks, verdict, line, proved = LOST[name]
    world = copy_world(nine_votes()) if marks is CLEAR else vote(played_world("begin_voting"), range(9), marks)
    ballot = cast(world, 9)
    promise = promised(world, ballot)
    if who == "relay":
        for member in world.board:
            member.relay.accept(ballot, member.copies.election, world.now)
    world.running._intake = None
    assert world.running.intake.owed == 0
    world.end_voting()
    if who == "relay":
        world.propose_closing()
        require_nobody_signs(world, "1 valid ballots that my relay received in time")
    if who != "nobody":
        assert promised(world, ballot, from_relay=True).envelope == promise.envelope
    world.next_batch()
    world.sync()
    world.propose_closing()
    world.approve()
    claims = tmp_path / "claims"
    claims.mkdir()
    (claims / "one.json").write_bytes(make_claim(promise, ballot.signed, ballot.body))
    world.next_batch(7)
    world.sync()
    result = finish(world, tmp_path, "--claims", claims)
    assert refusals(result) == verdict
    assert line in result.report["claims"][0]
    assert result.report["counts"]["claims"] == proved
    assert result.report["counts"]["counted"] == 10 - proved


def test_flaw_R06_stolen_promise_key_makes_no_thousand_broken_promises(tmp_path: Path) -> None:
    """A thief of the promise key and a voter of his: whatever they sign together counts once, alone it is nothing."""
    world = copy_world(nine_votes())
    friend, key = world.voter(world.members[9]), world.keys.promise
    ballots = [friend.cast(friend.prepare(CLEAR)) for _ in range(4)]
    one, batch = ballots[0], world.running.sequencer.batch

    def claim(ballot: CastBallot, batch: int = batch, key: SigningKey = key) -> bytes:
        promise = make_promise(world.identifier, ballot.signed.envelope.digest(), batch, key)
        return make_claim(promise, ballot.signed, ballot.body)

    stranger = SigningKey.generate().sign(one.signed.envelope.statement)
    on_ledger = world.running.election.collected["ballot"][0]
    assert isinstance(on_ledger.held, SignedEnvelope)
    kept = CastBallot(on_ledger.held, world.bodies.get(on_ledger.body or b"") or b"")
    files = {
        **{f"{number} friend": (claim(ballot), "proved, the server") for number, ballot in enumerate(ballots)},
        "5 signed by another": (
            claim(CastBallot(replace(one.signed, signature=stranger), one.body)),
            "excluded by rule B4",
        ),
        "6 other body": (claim(CastBallot(one.signed, ballots[1].body)), "the body is not the one"),
        "7 log key": (claim(one, key=world.keys.election_log), "promise"),
        "8 future": (claim(one, batch=10_000), "the promise was due by 10007"),
        "9 kept": (claim(kept), "the promise was kept"),
    }
    claims = tmp_path / "claims"
    claims.mkdir()
    for name, (data, _) in files.items():
        (claims / f"{name}.json").write_bytes(data)
    world.end_voting()
    world.propose_closing()
    world.approve()
    result = finish(world, tmp_path, "--claims", claims)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["claims"] == 1
    for line, (_, words) in zip(result.report["claims"], files.values(), strict=True):
        assert words in line
        assert ("not proved" in line) == ("proved, " not in words)


# --- R8


def test_flaw_R08_no_head_covers_a_ballot_whose_body_is_kept_back(tmp_path: Path) -> None:
    """One mirror is corrupt and one witness is none: with the other mirrors there is no quorum until they hold it."""
    world = copy_world(nine_votes())
    corrupt = world.witnesses[0]
    corrupt.check = partial(Witness.check, corrupt)  # type: ignore[method-assign]
    promised(world, ballot := cast(world, 9))
    assert isinstance(world.bodies, MemoryBodies)
    world.bodies.drop(ballot.signed.envelope.body)
    with pytest.raises(errors.InvalidCheckpoint, match=r"has 2 cosignatures, 3 are needed; witness-2.*is not here"):
        world.end_voting()
    assert world.running.sequencer.newest_size() <= world.running.election.collected["ballot"][-1].index
    world.bodies.put(ballot.body)
    del corrupt.check
    world.cosign(world.running.sequencer)
    world.sync()
    world.end_voting()
    world.propose_closing()
    world.approve()
    result = finish(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["counted"] == 10


def test_flaw_R08_body_that_is_lost_before_the_closing_is_listed(tmp_path: Path) -> None:
    """The last ballot of a pseudonym has no body any more: the one before counts. Who has the body refuses the list."""
    world = copy_world(nine_votes())
    voter = world.voter(world.members[9])
    for _ in range(2):
        promised(world, voter.cast(voter.prepare(CLEAR)))
        world.next_batch()
    world.end_voting()
    item, election = world.running.election.collected["ballot"][-1], world.running.election
    assert item.body is not None

    def close() -> None:
        judged = recount(election, election.size, frozenset({item.index}))
        world.propose(State.CLOSED, judged.closing(election).to_bytes())

    close()
    require_nobody_signs(world, f"the body of entry {item.index} is not missing: this member has it")
    for store in (world.bodies, *(witness.bodies for witness in world.witnesses if isinstance(witness, Mirror))):
        assert isinstance(store, MemoryBodies)
        store.drop(item.body)
    with pytest.raises(errors.ProtocolError, match="cannot be had and is not stated to be missing"):
        world.recount()
    close()
    world.approve()
    result = finish(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == {item.index: "B9"}
    assert result.report["counts"]["counted"] == 10


LATER: dict[str, tuple[Callable[[SmallWorld], bytes], str]] = {
    "ballot": (lambda world: world.running.election.collected["ballot"][3].body or b"", "V28"),
    "answer": (lambda world: world.running.election.collected["answer"][0].body or b"", "V26"),
    "decryption": (lambda world: world.running.election.collected["decryption"][0].body or b"", "V34"),
    "roll": (lambda world: world.running.election.roll.digest() if world.running.election.roll else b"", "V20"),
    "manifest": (lambda world: world.running.election.approved["manifest"].proposal.content, "V21"),
    "closing": (lambda world: world.running.election.approved["closing"].proposal.content, "V31"),
}


def test_flaw_R08_what_vanishes_after_the_result_is_missed_and_voids_nothing(tmp_path: Path) -> None:
    """INCOMPLETE, never INVALID, never VALID; whoever still has the body makes the record whole again."""
    world = played_world("end_voting").finish()
    for name, (find, check) in LATER.items():
        (tmp_path / name).mkdir()
        digest = find(world)
        body = world.bodies.get(digest)
        assert body is not None
        assert isinstance(world.bodies, MemoryBodies)
        world.bodies.drop(digest)
        result = audit_world(world, tmp_path / name)
        assert refusals(result) == ("INCOMPLETE", []), name
        assert result.statuses[check] == "NOT CHECKED", name
        assert "missing" in result.detail(check), name
        world.bodies.put(body)
    assert refusals(audit_world(world, tmp_path)) == ("VALID", [])


# --- R13


def second_request(world: SmallWorld, number: int) -> Request:
    """Another pseudonym for the same member."""
    member, point = world.members[number], blind(Secret(b"second"), world.identifier).blinded
    return make_request(world.identifier, member.identifier, point, member.client().signing)


def test_flaw_R13_restored_registrar_signs_what_it_signed_before(tmp_path: Path) -> None:
    """Backups from before the first request: the ledger alone says what is answered, so a restored one cannot err."""
    world = played_world("begin_issuing")
    world.next_batch()
    backups = copy_world(world).registrars
    world.ask(world.members[:3])
    index = world.append("request", second_request(world, 0).entry_members())
    given = [item.body for item in world.running.election.collected["answer"]]
    for backup in backups:
        sequencer, copies = world.running.sequencer, backup.copies
        copies.update_election(sequencer.newest_head, sequencer.entries[copies.election.size :])
        restored = backup.answer(0)
        assert restored is not None
        assert (restored[0].count, restored[0].body) == (3, given.pop(0))
        assert backup.answer(3) is None
        world.running.submit_answer(*restored)
    world.next_batch()
    world.sync()
    world.ask(world.members[3:]).begin_voting().vote().end_voting().finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["excluded_by_rule"] == {"A2": 4, "Q6": 1}
    assert result.excluded[index] == "Q6"
    assert result.report["counts"]["credentials"] == 10


def test_flaw_R13_registrar_takes_no_request_that_no_quorum_has_seen() -> None:
    """The operator shows each half of the registrars another first request of a member, signed by the log alone."""
    world = played_world("begin_issuing")
    world.running.intake.submit_request(second_request(world, 0))
    world.running.run_batch(world.running.sequencer.batch + 1)
    sequencer, entries = world.running.sequencer, list(world.running.sequencer.entries)
    first = world.members[0].client().request(world.identifier)
    rival = [*entries[:-1], make_entry("request", sha256(entries[-2]), first.entry_members())]
    for shown, registrar in ((entries, world.registrars[0]), (rival, world.registrars[2])):
        copies = registrar.copies
        for note in (sequencer.sign_head(), sequencer.newest_head):
            with pytest.raises(errors.InvalidCheckpoint):
                copies.update_election(note, shown[copies.election.size :])
        assert registrar.answer(0) is None
    world.now = world.running.election.announcement.clock.boundary(sequencer.batch)
    world.cosign(sequencer)
    copies = world.registrars[2].copies
    with pytest.raises(errors.InvalidCheckpoint, match=r"the root of .* is another one"):
        copies.update_election(sequencer.newest_head, rival[copies.election.size :])
    world.sync()
    world.answer()
    counted, election = world.recount().requests.counted, world.running.election
    assert [encode_g1(request.blinded) for request in counted] == [second_request(world, 0).blinded]
    assert [len(world.bodies.get(item.body or b"") or b"") for item in election.collected["answer"]] == [48] * 4


@pytest.mark.parametrize("game", ["answers the second request", "leaves one out"])
def test_flaw_R13_answer_that_does_not_follow_the_ledger_is_excluded(game: str, tmp_path: Path) -> None:
    """One registrar signs what it likes: its own answer is worth nothing, and the other three suffice."""
    world = played_world("begin_issuing")
    for member in world.members:
        world.running.intake.submit_request(member.client().request(world.identifier))
    world.next_batch()
    world.append("request", second_request(world, 0).entry_members())
    corrupt = world.registrars[3]
    share, points = corrupt.require_share(), [r.blinded for r in world.recount().requests.counted]
    order = [r.member for r in world.recount().requests.counted]
    if game == "answers the second request":
        points[order.index(world.members[0].identifier)] = decode_g1(second_request(world, 0).blinded)
    first = 1 if game == "leaves one out" else 0
    signed = [encode_g1(point * share.value.reveal()) for point in points[first:]]
    answer = make_answer(world.identifier, share.index, first, signed, world.keys.registrars[3].signing)
    world.running.submit_answer(answer, b"".join(signed))
    for registrar in world.registrars[:3]:
        honest = registrar.answer(0)
        assert honest is not None
        world.running.submit_answer(*honest)
    world.next_batch()
    world.sync()
    world.begin_voting().vote().end_voting().finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    rule = "A4" if game == "answers the second request" else "A2"
    assert result.report["counts"]["excluded_by_rule"] == {rule: 1, "Q6": 1}
    assert result.report["counts"]["answered"] == 10
