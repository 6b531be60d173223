# SPDX-License-Identifier: AGPL-3.0-or-later
"""Flaw R7: one poisoned entry must not void an election.

Each test lets one party, or a thief of the ledger key, put one entry where it hurts, while everybody else is honest.
What can be excluded is listed and the record is VALID; what would break the structure is refused by mirrors, so that it
is under no head, and the ledger goes on.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.demo.electorate import MemberSecrets
from crypto import labels
from crypto.encoding.members import encode_base64
from crypto.errors import ContentMismatch, CryptoError, InvalidCheckpoint, WrongPhase
from crypto.hashing import sha256
from crypto.ledger.checkpoint import Head, verify_head
from crypto.ledger.note import Note, parse_signature_line
from crypto.protocol.contents import Void
from crypto.protocol.entry import make_entry
from crypto.protocol.ledger_key import KeyChange
from crypto.protocol.phases import State
from crypto.protocol.preparation import build_roll
from crypto.protocol.proposals import proposal_members
from crypto.roles.reviewer import admission
from crypto.roles.witness import OK, UNPROCESSABLE
from crypto.sharing.ceremony import SignedMessage
from crypto.signing import PublicKey, SigningKey, make_json_statement, sign_all
from tests.attacks.ledgers import Thief
from tests.attacks.play import audit_world, refusals
from tests.worlds import ORDER, SmallWorld, played_world


def play(world: SmallWorld, after: str) -> SmallWorld:
    """All steps after `after`, to the certificate."""
    for step in ORDER[ORDER.index(after) + 1 :]:
        if step == "freeze_roll":
            world.next_register_batch()
            world.sync()
        getattr(world, step)()
    return world.finish()


def message(label: labels.Label, key: SigningKey, **payload: object) -> SignedMessage:
    statement = make_json_statement(label, payload)  # type: ignore[arg-type]
    return SignedMessage(statement, key.sign(statement))


def require_valid(world: SmallWorld, folder: Path) -> None:
    result = audit_world(world, folder)
    assert refusals(result) == ("VALID", []), {check: result.detail(check) for check in result.failed}


# --- one trustee


def early_decryption(world: SmallWorld, **changes: object) -> SignedMessage:
    """A decryption of nothing; its body is beside the ledger."""
    payload = {
        "body": world.bodies.put(b"any body").hex(),
        "closing": 64 * "1",
        "election": world.identifier.hex(),
        "trustee": 1,
    }
    return message(labels.DECRYPTION, world.keys.trustees[0].signing, **{**payload, **changes})


@pytest.mark.parametrize("step", ["appoint", "make_keys", "ask", "end_voting"])
def test_flaw_R07_decryption_before_the_closing_is_listed(step: str, tmp_path: Path) -> None:
    world = played_world(step)
    world.running.submit_message("decryption", early_decryption(world))
    world.next_batch()
    world.sync()
    require_valid(play(world, step), tmp_path)


def test_flaw_R07_malformed_decryption_with_a_body_leaves_the_record_whole(tmp_path: Path) -> None:
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    world.running.submit_message("decryption", early_decryption(world, trustee="one"))
    world.next_batch()
    world.sync()
    world.decrypt()
    world.certify()
    require_valid(world, tmp_path)


def test_flaw_R07_share_lost_behind_the_tally_is_listed(tmp_path: Path) -> None:
    """A trustee who is not needed any more says truthfully that its share is gone."""
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    world.decrypt()
    world.running.submit_message("share-lost", world.trustees[2].share_lost(3))
    world.next_batch()
    world.sync()
    certificate = world.certify()
    assert [rule for _, rule in certificate.excluded] == ["S1"]
    require_valid(world, tmp_path)


def test_flaw_R07_ceremony_message_that_names_two_sessions_is_judged_alike() -> None:
    """A trustee commits to the id of the registrars' session: it is a commitment like any other, and it is its own."""
    world = played_world("appoint")
    ceremonies = world.running.election.ceremonies
    for holder in world.trustees:
        holder.join_election()
    index = world.append(
        "ceremony",
        signed_members(
            message(
                labels.CEREMONY_COMMITMENT,
                world.keys.trustees[0].signing,
                commitment=ceremonies["registrar"].session_id.hex(),
                party=1,
                session=ceremonies["trustee"].session_id.hex(),
            )
        ),
    )
    assert index not in world.running.election.excluded
    assert ceremonies["trustee"].culprits() == {2, 3}


def signed_members(signed: SignedMessage) -> dict:
    return {"signature": signed.signature.hex(), "statement": encode_base64(signed.statement)}


# --- one registrar


@pytest.mark.parametrize("step", ["make_keys", "freeze_roll"])
def test_flaw_R07_answer_before_the_manifest_is_listed(step: str, tmp_path: Path) -> None:
    world = played_world(step)
    body = world.bodies.put(bytes(48))
    signed = message(
        labels.ANSWER,
        world.keys.registrars[0].signing,
        body=body.hex(),
        count=1,
        election=world.identifier.hex(),
        first=0,
        registrar=1,
    )
    world.append("answer", signed_members(signed))
    require_valid(play(world, step), tmp_path)


@pytest.mark.parametrize("kind", ["repeated", "wrong"])
def test_flaw_R07_answer_between_closing_and_approval_is_listed(kind: str, tmp_path: Path) -> None:
    """The state is still `voting`: a registrar answers what it answered before, or with rubbish."""
    world = played_world("end_voting")
    world.propose_closing()
    registrar = world.registrars[0]
    answer, body = registrar.answer(0)
    if kind == "wrong":
        body = bytes(48)
        signed = message(
            labels.ANSWER,
            world.keys.registrars[0].signing,
            body=sha256(body).hex(),
            count=1,
            election=world.identifier.hex(),
            first=answer.count,
            registrar=1,
        )
        world.append("answer", signed_members(signed), body)
    else:
        world.append("answer", answer.entry_members(), body)
    world.approve()
    world.decrypt()
    certificate = world.certify()
    assert [rule for _, rule in certificate.excluded] == ["A2"]
    require_valid(world, tmp_path)


# --- one member


def change_key(world: SmallWorld, key: bytes) -> None:
    """Member 0 changes its key, by its own signature alone, to any 32 bytes."""
    member = world.members[0]
    members = {"key": key.hex(), "member": member.identifier.hex()}
    statement = world.register.statement("key-changed", members, member.identifier)
    world.register.submit("key-changed", statement, sign_all([member.client().signing], statement))
    world.next_register_batch()
    world.sync()


@pytest.mark.parametrize("role", ["registrars", "trustees"])
def test_flaw_R07_member_who_takes_a_holders_key_harms_nobody_else(role: str, tmp_path: Path) -> None:
    """Nobody proves to own a member key: one that is a holder's must not void the election it is frozen into."""
    world = played_world("make_keys")
    change_key(world, getattr(world.keys, role)[0].signing.public)
    for step in ("freeze_roll", "begin_issuing"):
        getattr(world, step)()
    world.ask(world.members[1:]).begin_voting().vote(world.members[1:]).end_voting().finish()
    require_valid(world, tmp_path)


def test_flaw_R07_member_who_takes_a_holders_seal_harms_nobody_else(tmp_path: Path) -> None:
    """The register must not be broken for ever by 32 bytes that somebody seals shares to."""
    world = played_world("start")
    lottery = world.register.register.lottery
    assert lottery is not None
    change_key(world, lottery.session.parties[0].seal)
    for step in ("appoint", "make_keys", "freeze_roll", "begin_issuing"):
        getattr(world, step)()
    world.ask(world.members[1:]).begin_voting().vote(world.members[1:]).end_voting().finish()
    require_valid(world, tmp_path)


@pytest.mark.parametrize("role", ["register_log", "election_log", "board", "witnesses", "reviewers", "panel"])
def test_flaw_R07_member_cannot_take_a_key_of_the_register(role: str) -> None:
    world = played_world("start")
    held = getattr(world.keys, role)
    key: PublicKey = (held[0] if isinstance(held, list) else held).public
    member = world.members[0]
    members = {"key": key.hex(), "member": member.identifier.hex()}
    statement = world.register.statement("key-changed", members, member.identifier)
    world.register.submit("key-changed", statement, sign_all([member.client().signing], statement))
    size = world.register.register.size
    with pytest.raises(CryptoError, match=r"in use already"):
        world.next_register_batch()
    assert world.register.register.size == size + 1


# --- a thief of the ledger key


def log_proposal(world: SmallWorld, source: State, target: State) -> None:
    number = len(world.running.election.proposals) + 1
    content = world.bodies.put(Void(world.identifier, {"en": "no reason"}).to_bytes())
    head = world.register.sequencer.newest_head
    world.running._queue.append(("proposal", proposal_members(number, source, target, content, head)))
    world.next_batch()
    world.sync()


def test_flaw_R07_premature_proposal_of_a_certificate_voids_nothing(tmp_path: Path) -> None:
    """Anybody with the log key can log a proposal; it does nothing until approved."""
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    log_proposal(world, State.TALLIED, State.CERTIFIED)
    world.decrypt()
    world.certify()
    require_valid(world, tmp_path)


def test_flaw_R07_late_proposal_to_void_voids_nothing(tmp_path: Path) -> None:
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    for trustee in world.trustees[:2]:
        world.running.submit_message("decryption", *trustee.decrypt(trustee.recount()))
    world.next_batch()
    world.sync()
    log_proposal(world, State.CLOSED, State.VOID)
    world.draw_lots()
    world.certify()
    require_valid(world, tmp_path)


@pytest.mark.parametrize("entry", ["unknown kind", "approval by strangers", "jumped state", "broken chain"])
def test_flaw_R07_structural_garbage_is_refused_by_mirrors_and_the_ledger_goes_on(entry: str, tmp_path: Path) -> None:
    """A thief of the log key appends what breaks the ledger; the board changes the key; the record is VALID."""
    world = played_world("vote")
    origin = world.running.election.ledger.origin
    sequencer, clock = world.running.sequencer, world.running.election.announcement.clock
    size, heads = sequencer.newest_size(), len(sequencer.heads)

    stolen = Poisoner(world)
    stolen.put("batch", {"number": sequencer.batch + 1})
    stolen.put(*GARBAGE[entry](world))
    world.now = clock.boundary(sequencer.batch + 1)
    for witness in world.witnesses[:3]:
        answer = stolen.show(witness)
        assert answer.status == UNPROCESSABLE, answer
        assert witness.newest(origin)[0] == size
    with pytest.raises(InvalidCheckpoint, match="cosignatures, 3 are needed"):
        stolen.publish()

    key = SigningKey.generate()
    change = KeyChange(origin, size + 1, key.public)
    signatures = [member.sign_key_change(change) for member in world.board]
    world.running.run_batch(sequencer.batch + 1, (change, signatures))
    sequencer.change_key(key)
    # The fourth witness is no mirror: it saw nothing but a tree that grows, and is lost to the thief's branch.
    for mirror in world.witnesses[:3]:
        mirror.change_log_key(origin, sequencer.entries[size + 1])
    world.cosign(sequencer)
    world.sync()
    assert len(sequencer.heads) == heads + 1
    with pytest.raises(InvalidCheckpoint, match="cosignatures, 3 are needed"):
        stolen.publish()
    require_valid(world.end_voting().finish(), tmp_path)


class Poisoner(Thief):
    """Whoever stole the log key and all entries: it appends past every rule."""

    bodies = (b"no reason",)

    def put(self, kind: str, members: dict, previous: bytes | None = None) -> None:
        self.append(make_entry(kind, sha256(self.entries[-1]) if previous is None else previous, members))

    def publish(self) -> Head:
        """A head, if enough witnesses cosign."""
        note, lines = self.note(), []
        for witness in self.world.witnesses:
            answer = self.show(witness)
            if answer.status == OK:
                lines.append(parse_signature_line(answer.body.decode().rstrip("\n")))
        signed = Note(note.text, (*note.signatures, *lines)).encode()
        policy = self.world.policy
        return verify_head(signed, self.world.keys.election_log.public, policy.witnesses, policy.witness_quorum)


def approval_by_strangers(world: SmallWorld) -> tuple[str, dict]:
    proposal = world.running.election.proposals[-1]
    statement = labels.APPROVAL + b"\x00" + world.identifier + proposal.digest
    return "approval", {"proposal": proposal.digest.hex(), "signatures": sign_all([SigningKey.generate()], statement)}


def jumped_state(world: SmallWorld) -> tuple[str, dict]:
    number, head = len(world.running.election.proposals) + 1, world.register.sequencer.newest_head
    return "proposal", proposal_members(number, State.CLOSED, State.VOID, sha256(b"no reason"), head)


GARBAGE: dict[str, Callable[[SmallWorld], tuple]] = {
    "unknown kind": lambda _: ("advertisement", {"text": "vote for us"}),
    "approval by strangers": approval_by_strangers,
    "jumped state": jumped_state,
    "broken chain": lambda _: ("draw", {"contest": 0, "options": [0, 1], "signature": 96 * "0"}, bytes(32)),
}


def test_flaw_R07_excludable_garbage_under_the_stolen_key_is_listed(tmp_path: Path) -> None:
    """One bad entry of every kind on the last evening: the election stands."""
    world = played_world("end_voting")
    kinds = ("ceremony", "readiness", "answer", "decryption", "draw", "share-lost", "request", "ballot")
    world.running._queue += [(kind, {"rubbish": kind}) for kind in kinds]
    world.next_batch()
    world.sync()
    world.finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert sorted(result.excluded.values()) == ["A1", "B1", "C1", "D1", "L1", "P1", "Q1", "S1"]
    assert result.report["counts"]["counted"] == 10


# --- the operator, with both log keys


def test_flaw_R07_mirrors_cosign_nothing_that_goes_on_behind_a_head_in_one_batch() -> None:
    """Heads end batches: otherwise a thief grows the ledger every second, and no change of the key ever fits."""
    world = played_world("end_voting")
    sequencer = world.running.sequencer
    heads = len(sequencer.heads)
    sequencer.append("readiness", {"rubbish": "in a batch that a head has ended"})
    with pytest.raises(InvalidCheckpoint, match="cosignatures, 3 are needed"):
        world.cosign(sequencer)
    assert len(sequencer.heads) == heads


def test_flaw_R07_head_within_a_batch_of_the_register_voids_nothing(tmp_path: Path) -> None:
    world = played_world("make_keys")
    world.next_register_batch()
    sequencer = world.register.sequencer
    notes = []
    for case in (999, 1000):
        member = MemberSecrets(secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(32))
        key = member.client().signing.public
        statement, signatures = admission(world.policy, case, member.identifier, key, world.keys.reviewers[:2])
        sequencer.append("admitted", {"signatures": signatures, "statement": encode_base64(statement)})
        try:
            world.cosign(sequencer)
        except InvalidCheckpoint:
            return  # mirrors refuse it: so no proposal can name it
        notes.append(sequencer.newest_head)
    sequencer.heads[-3:-1] = []
    world.sync()
    content, roll = build_roll(world.running.election, world.register.register.ledger.verify_head(notes[0]))
    world.bodies.put(roll.to_bytes())
    world.running.propose(State.ROLL_FROZEN, content.to_bytes(), notes[0])
    world.next_batch()
    world.sync()
    world.approve()
    require_valid(play(world, "freeze_roll"), tmp_path)


def test_flaw_R07_key_change_behind_a_batch_without_a_head_voids_nothing(tmp_path: Path) -> None:
    """A batch found no quorum; the next one changes the key. Board and mirrors must agree with the verifier about it."""
    world = played_world("end_voting")
    operator, sequencer = world.running, world.running.sequencer
    origin, clock = operator.election.ledger.origin, operator.election.announcement.clock
    operator.run_batch(sequencer.batch + 1)
    key = SigningKey.generate()
    change = KeyChange(origin, operator.election.size + 1, key.public)
    try:
        signatures = [member.sign_key_change(change) for member in world.board]
    except CryptoError:
        return  # the board signs only what follows the newest head it holds
    operator.run_batch(sequencer.batch + 1, (change, signatures))
    sequencer.change_key(key)
    world.now = clock.boundary(sequencer.batch) + 1
    for witness in world.witnesses:
        witness.change_log_key(origin, sequencer.entries[change.size])
    world.cosign(sequencer)
    world.sync()
    require_valid(world.finish(), tmp_path)


def test_flaw_R07_seized_key_never_comes_back() -> None:
    """`ledger-key-changed` to the key that the announcement names, or to one used since: not a new key."""
    world = played_world("end_voting")
    operator, sequencer = world.running, world.running.sequencer
    change = KeyChange(operator.election.ledger.origin, operator.election.size + 1, world.keys.election_log.public)
    statement = change.statement()
    signatures = [member.sign_statement(statement) for member in world.board]
    with pytest.raises(CryptoError, match=r"in use already|used before"):
        operator.run_batch(sequencer.batch + 1, (change, signatures))


# --- the end of an election without a result


def test_flaw_R07_void_ends_an_election_from_every_state_before_closed(tmp_path: Path) -> None:
    world = played_world("vote")
    reason = {"en": "The server was seized."}
    world.decide_void(reason)
    world.propose(State.VOID, Void(world.identifier, reason).to_bytes())
    world.approve()
    assert world.board[0].copies.election.state is State.VOID
    result = audit_world(world, tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.report["state"] == "void"
    assert result.report["results"] == []


def test_flaw_R07_closed_election_is_void_only_if_too_few_shares_are_left(tmp_path: Path) -> None:
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    reason = {"en": "Two of three shares are lost."}
    world.decide_void(reason)
    content = Void(world.identifier, reason).to_bytes()
    world.running.submit_message("share-lost", world.trustees[0].share_lost(1))
    world.propose(State.VOID, content)
    with pytest.raises((ContentMismatch, WrongPhase, CryptoError), match=r"fewer than t shares|shares are"):
        world.approve()
    world.running._queue.clear()
    world.running.submit_message("share-lost", world.trustees[1].share_lost(2))
    world.next_batch()
    world.sync()
    world.propose(State.VOID, content)
    world.approve()
    assert world.board[0].copies.election.state is State.VOID
    result = audit_world(world, tmp_path)
    assert (result.verdict, result.failed, result.report["state"]) == ("INCOMPLETE", [], "void")
