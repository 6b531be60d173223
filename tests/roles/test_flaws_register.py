# SPDX-License-Identifier: AGPL-3.0-or-later
"""Flaws R1 to R4: who may vote, in which election, on which ledger, and by whose word.

Each is mounted on the roles, and on a record that a forger with all keys made.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.demo.founding import announce_election, submit_board_statement
from crypto import errors
from crypto.blindsig.blinding import blind, finalize, verify_credential
from crypto.group import G1, G2, decode_g1, decode_g2, scalar
from crypto.hashing import sha256
from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.protocol.contents import RollContent
from crypto.protocol.credential import make_request
from crypto.protocol.entry import make_entry, parse_entry, signatures_member
from crypto.protocol.manifest import Manifest, RollReference
from crypto.protocol.members import Roll
from crypto.protocol.phases import State
from crypto.protocol.preparation import build_roll
from crypto.protocol.proposals import Proposal, approval_statement
from crypto.protocol.register import election_keys_members
from crypto.roles.board import BoardMember
from crypto.roles.holder import LotteryHolder
from crypto.roles.mirror import Mirror
from crypto.roles.operator import ElectionOperator
from crypto.roles.registrar import Registrar
from crypto.roles.relay import Relay
from crypto.roles.reviewer import admission
from crypto.roles.trustee import Trustee
from crypto.roles.witness import CONFLICT, NOT_FOUND, OK, UNPROCESSABLE, Witness
from crypto.secret import Secret
from crypto.signing import SigningKey, sign_all
from tests.attacks.play import audit_forged, audit_world, refusals
from tests.attacks.replay import follow
from tests.audits import audit
from tests.forge import Script
from tests.forge.base import Hook, member_id, signing_key
from tests.forge.preparation import ANNOUNCED
from tests.worlds import SmallWorld, copy_world, played_world

# --- R1


def announce_second(world: SmallWorld) -> bytes:
    """The board announces another election in the same register; returns its id."""
    world.keys.election_log = SigningKey.generate()
    announced = announce_election(world, {"en": "Second election"}, 21_600)
    world.sync()
    return announced


def begin_second(world: SmallWorld, identifier: bytes) -> SmallWorld:
    """The same people turn to the second election; each role begins it anew, as for every election."""
    world.identifier, world.keys.promise = identifier, SigningKey.generate()
    world.voters, world.promises = [], []
    world._followed.clear()
    old, keys = world.lottery, world.keys
    world.board = [BoardMember(key, world._copies(), Relay()) for key in keys.board]
    world.registrars = [Registrar(k.signing, k.unseal, world._copies()) for k in keys.registrars]
    world.trustees = [Trustee(k.signing, k.unseal, world._copies()) for k in keys.trustees]
    world.lottery = [LotteryHolder(k.signing, k.unseal, world._copies()) for k in keys.lottery]
    for holder, before in zip(world.lottery, old, strict=True):
        holder.share = before.share
    world.open_election(identifier)
    world.next_batch()
    world.sync()
    return world


@cache
def second_election() -> tuple[SmallWorld, Manifest, dict[int, bytes]]:
    """Member 0 got partial signatures on its point for the second election in the first, then lost its vote."""
    world = played_world("begin_issuing")
    first, other, cheat = world.manifest, announce_second(world), world.members[0]
    # A good request of this election, whose blinded point is for a pseudonym of the other one.
    blinded = blind(Secret(cheat.voting_secret), other).blinded
    foreign = make_request(world.identifier, cheat.identifier, blinded, cheat.client().signing)
    world.running.intake.submit_request(foreign)
    world.ask(world.members[1:3])
    partial, about = world.partial(cheat), {"member": cheat.identifier.hex(), "reason": "identity"}
    statement = world.register.statement("suspended", about, cheat.identifier)
    world.register.submit("suspended", statement, sign_all(world.keys.panel[:2], statement))
    world.next_register_batch()
    world.sync()
    begin_second(world, other).appoint().make_keys().freeze_roll()
    return world, first, partial


def test_flaw_R01_signature_for_another_election_is_no_vote_there(tmp_path: Path) -> None:
    """Registrars sign blindly, so the foreign credential is real under the first key; in its election it is nothing."""
    played, first, partial = second_election()
    world = copy_world(played)
    client = world.members[0].client()
    blinded = blind(Secret(world.members[0].voting_secret), world.identifier)
    points, key = {index: decode_g1(data) for index, data in partial.items()}, decode_g2(first.issuing.key)
    credential = finalize(blinded, points, first.issuing.threshold, key)
    verify_credential(credential, world.identifier, key)
    world.begin_issuing().ask(world.members[1:]).begin_voting().vote(world.members[1:])
    assert world.manifest.roll.size == 9
    voter = client.voter(world.manifest, credential)
    cast = voter.cast(voter.prepare([[1, 0, 0, 0]]))
    (answer,) = world.cast(cast)
    assert isinstance(answer, errors.Excluded)
    assert answer.rule == "B5"
    index = world.append("ballot", cast.signed.entry_members(), cast.body)
    world.end_voting().finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == {index: "B5"}
    assert result.report["counts"]["counted"] == 9


def test_flaw_R01_registrars_do_not_use_a_share_in_a_second_election(tmp_path: Path) -> None:
    """A corrupt quorum of the board approves a manifest with the issuing key of the election before."""
    played, first, _ = second_election()
    world = copy_world(played)
    manifest = world.make_manifest()
    own = decode_g2(manifest.issuing.key)
    world.manifest = replace(manifest, issuing=first.issuing)
    members = election_keys_members(world.identifier, world.manifest.digest(), own, decode_g1(manifest.tally.key))
    submit_board_statement(world, "election-keys", members)
    world.next_register_batch()
    world.sync()
    world.propose(State.ISSUING, world.manifest.to_bytes())
    for registrar in world.registrars:
        world.running.submit_message("readiness", registrar.readiness(world.manifest.digest()))
    world.next_batch()
    world.sync()
    with pytest.raises(errors.ContentMismatch, match="issuing"):
        world.board[2].approve(world.now)
    world.running.submit_approval(*signed_by(world, world.board[:2]))
    world.next_batch()
    world.sync()
    world.running.intake.submit_request(world.members[1].client().request(world.identifier))
    world.next_batch()
    world.sync()
    for registrar in world.registrars:
        with pytest.raises(errors.ProtocolError, match="another election names this key"):
            registrar.answer(0)
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("INVALID", ["V21"])
    assert "manifest.issuing: key, shares differ from the ceremony's" in result.detail("V21")


def signed_by(world: SmallWorld, members: list[BoardMember]) -> tuple[Proposal, list[Any]]:
    """The newest proposal with signatures of members who look at nothing."""
    proposal = world.running.election.proposals[-1]
    statement = approval_statement(world.identifier, proposal.digest)
    return proposal, [member.sign_statement(statement) for member in members]


def test_flaw_R01_role_that_follows_one_election_turns_to_no_other() -> None:
    """What it remembers of the first, requests above all, must never meet the share of the second."""
    world = played_world("ask")
    other = announce_second(world)
    for copies in world._followed:
        with pytest.raises(errors.ProtocolError, match="another election is followed here already"):
            copies.follow(other)


def past_the_rules(world: SmallWorld, kind: str, statement: bytes, signatures: list[Any]) -> list[int]:
    """A thief of the register's log key appends an entry without asking the rules: how each mirror answers."""
    clock, origin = world.policy.register_clock, world.policy.register_origin
    entries, batch = [*world.register.sequencer.entries], world.register.sequencer.batch + 1
    for name, members in (("batch", {"number": batch}), (kind, signatures_member(statement, signatures))):
        entries.append(make_entry(name, sha256(entries[-1]), members))
    tree = Tree(map(leaf_hash, entries))
    note = sign_checkpoint(Checkpoint(origin, tree.size, tree.root()), world.keys.register_log)
    answers = []
    for mirror in copy_world(world).witnesses[:3]:
        assert isinstance(mirror, Mirror)
        size, _ = mirror.newest(origin)
        mirror.receive(origin, size, entries[size:], [])
        proof = [base64.b64encode(node).decode() for node in tree.consistency_proof(size, tree.size)]
        request = "\n".join([f"old {size}", *proof, "", ""]).encode() + note.encode()
        answers.append(mirror.add_checkpoint(request, clock.boundary(batch) + 2).status)
    return answers


def second_announcement(script: Script, _: Any = None) -> bytes:
    """The board announces one more election, under the same title; returns its id."""
    entry = parse_entry(script.register.entries[script.places["announcement"]])
    payload = json.loads(entry.signed_statement()[0].partition(b"\0")[2])
    own = {"nonce": 64 * "5", "ledger_key": signing_key("other log").public.hex()}
    script.kept = sha256(script.board_statement("second", "announcement", {**payload, **own}))  # type: ignore[attr-defined]
    return script.kept  # type: ignore[attr-defined,no-any-return]


def reuse(key: str, *, after: bool) -> dict[str, Hook]:
    """The register names a key of the election for another one too, before or after."""

    def hook(script: Script, _: Any) -> None:
        if after:
            script.begin_batch(script.register, ANNOUNCED + 3)
        members = election_keys_members(second_announcement(script), bytes(32), G2 * scalar(9), G1 * scalar(9))
        members[f"{key}_key"] = script.manifest[key]["key"]
        script.board_statement("other keys", "election-keys", members)
        if after:
            script.sign_head(script.register)

    return {"after manifest" if after else "before election keys": hook}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("key", ["issuing", "tally"])
def test_flaw_R01_record_whose_key_serves_two_elections_is_invalid(key: str, after: bool, tmp_path: Path) -> None:
    """All of the board signed it: the verifier refuses it, and the register's own rules do at once."""
    script, result = audit_forged(reuse(key, after=after), tmp_path)
    assert refusals(result) == ("INVALID", ["V22"])
    assert "names a key of this election for another one" in result.detail("V22")
    with pytest.raises(errors.KeyReuse, match="a key is made for one election"):
        follow(script)


# --- R2


Signers = Callable[[SmallWorld], list[SigningKey]]
KEY, CONDUCT = {"key": 64 * "5"}, {"reason": "conduct"}
OPERATOR: Signers = lambda world: [world.keys.register_log, SigningKey.generate()]  # noqa: E731
MINTED: dict[str, tuple[str, dict[str, Any], Signers]] = {
    "member by the operator": ("admitted", {}, OPERATOR),
    "member by a reviewer and the operator": ("admitted", {}, lambda w: [w.keys.reviewers[0], w.keys.register_log]),
    "key by the operator": ("key-changed", KEY, OPERATOR),
    "key by another member": ("key-changed", KEY, lambda w: [w.members[1].client().signing]),
    "suspension by the operator": ("suspended", CONDUCT, OPERATOR),
    "suspension by one of the panel": ("suspended", CONDUCT, lambda w: w.keys.panel[:1]),
    "reviewers by one of the board": ("reviewers", {"reviewers": []}, lambda w: w.keys.board[:1]),
    "panel by the panel": ("panel", {"members": [], "quorum": 2}, lambda w: w.keys.panel),
}


def minted(world: SmallWorld, kind: str, members: dict[str, Any], signers: list[SigningKey]) -> tuple[bytes, list[Any]]:
    """A statement about member 0, a new member, or a list of people; and its signatures."""
    member = world.members[0].identifier
    if kind == "admitted":
        statement, _ = admission(world.policy, 99, secrets.token_bytes(16), SigningKey.generate().public, [])
    elif "reviewers" in members or "members" in members:
        people = [{"key": signing_key(n).public.hex(), "name": n, "organisation": n} for n in ("Ann", "Bob")]
        statement = world.register.statement(kind, {n: v if n == "quorum" else people for n, v in members.items()})
    else:
        statement = world.register.statement(kind, {**members, "member": member.hex()}, member)
    return statement, sign_all(signers, statement)


@pytest.mark.parametrize("name", MINTED)
def test_flaw_R02_register_takes_nothing_that_the_entitled_have_not_signed(name: str) -> None:
    """The operator has the log key; register and mirrors refuse the entry all the same, and the next batch is good."""
    world, (kind, members, signers) = played_world("start"), MINTED[name]
    statement, signatures = minted(world, kind, members, signers(world))
    assert set(past_the_rules(world, kind, statement, signatures)) == {UNPROCESSABLE}
    register = world.register.register
    before = (dict(register.members), register.reviewers, register.panel, register.size)
    world.register.submit(kind, statement, signatures)
    with pytest.raises(errors.InvalidSignature):
        world.next_register_batch()
    assert (register.members, register.reviewers, register.panel, register.size) == (*before[:3], before[3] + 1)
    world.next_register_batch()
    assert world.register.sequencer.newest_size() == before[3] + 2


def test_flaw_R02_old_suspension_is_not_used_again() -> None:
    """The panel suspended and restored a member; the operator posts the panel's own statement again before the freeze."""
    world = played_world("start")
    member, signed = world.members[0].identifier, {}
    for kind, reason in (("suspended", "identity"), ("restored", "appeal")):
        statement = world.register.statement(kind, {"member": member.hex(), "reason": reason}, member)
        signed[kind] = statement, sign_all(world.keys.panel[:2], statement)
        # The control of all refusals by mirrors: the same way, an entry that is signed as it should be.
        assert set(past_the_rules(world, kind, *signed[kind])) == {OK}
        world.register.submit(kind, *signed[kind])
        world.next_register_batch()
    assert set(past_the_rules(world, "suspended", *signed["suspended"])) == {UNPROCESSABLE}
    world.register.submit("suspended", *signed["suspended"])
    with pytest.raises(errors.RegisterError, match="not statement number 3 about this member"):
        world.next_register_batch()
    assert world.register.register.members[member].current.status == "active"


def admit_friends(script: Script, signers: list[str], *numbers: int) -> None:
    for number in numbers:
        case = {"case": number, "key": signing_key(f"member {number}").public.hex()}
        script.member_statement(f"minted {number}", "admitted", number, 0, case, signers)


def with_friends(*numbers: int) -> Callable[[Script, Any], Any]:
    return lambda _, roll: sorted([*roll, *((member_id(n), bytes(signing_key(f"member {n}").public)) for n in numbers)])


RECORDS: dict[str, tuple[dict[str, Hook], str]] = {
    "admitted": (
        {"after admissions": lambda s, _: admit_friends(s, ["operator 1", "operator 2"], 13), "roll": with_friends(13)},
        "V08",
    ),
    "suspended": ({"signers:suspended": lambda _f, _v: ["register log"]}, "V07"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_flaw_R02_record_with_members_by_the_operator_is_invalid(kind: str, tmp_path: Path) -> None:
    hooks, check = RECORDS[kind]
    _, result = audit_forged(hooks, tmp_path)
    assert refusals(result) == ("INVALID", [check])
    assert f"{kind}: signed by" in result.detail(check)


def test_flaw_R02_what_two_reviewers_admit_is_counted_by_pair(tmp_path: Path) -> None:
    """Two corrupt reviewers can admit people who do not exist, and not unseen."""
    hook: Hook = lambda s, _: admit_friends(s, ["reviewer 1", "reviewer 2"], 13, 14, 15)  # noqa: E731
    pairs: list[dict[tuple[str, str], int]] = []
    for hooks in ({}, {"after admissions": hook, "roll": with_friends(13, 14, 15)}):
        _, result = audit_forged(hooks, tmp_path / str(len(pairs)))
        assert refusals(result) == ("VALID", [])
        pairs.append({(one, two): count for one, two, count in result.report["counts"]["admissions_by_pair"]})
    assert pairs[1] == {**pairs[0], ("Reviewer One", "Reviewer Two"): pairs[0]["Reviewer One", "Reviewer Two"] + 3}


def test_flaw_R02_roll_with_a_guest_is_not_signed_and_not_valid(tmp_path: Path) -> None:
    """The operator proposes a roll with a member of its own, root and body in order; a corrupt quorum approves it."""
    world = played_world("make_keys")
    head = world.register.register.ledger.verify_head(world.register.sequencer.newest_head)
    _, true = build_roll(world.running.election, head)
    roll = Roll(tuple(sorted([*true.members, (secrets.token_bytes(16), SigningKey.generate().public)])))
    world.bodies.put(roll.to_bytes())
    reference = RollReference(roll.digest(), roll.root(), len(roll))
    content = RollContent(world.identifier, head.checkpoint.size, head.checkpoint.root, reference)
    world.propose(State.ROLL_FROZEN, content.to_bytes())
    for member in world.board:
        with pytest.raises(errors.ContentMismatch, match="roll"):
            member.approve(world.now)
    world.running.submit_approval(*signed_by(world, world.board[:2]))
    world.next_batch()
    result = audit_world(world, tmp_path)
    assert (refusals(result), "which has 10 members" in result.detail("V20")) == (("INVALID", ["V20"]), True)


# --- R3


def test_flaw_R03_second_ledger_of_one_election_finds_no_quorum() -> None:
    """The operator begins the election's ledger anew: same id, key and origin, another history."""
    world = played_world("appoint")
    announcement, old = world.running.election.announcement, world.register.register
    head, log = world.register.sequencer.newest_head, world.keys.election_log
    second = ElectionOperator(announcement, old, head, log, world.keys.promise, world.bodies)
    second.run_batch(world.running.sequencer.batch)
    second.sequencer.sign_head()
    request, known = second.sequencer.witness_request(0), world.running.sequencer.newest_size()
    for witness in world.witnesses:
        answer = witness.add_checkpoint(request, world.now)
        assert (answer.status, answer.body) == (CONFLICT, f"{known}\n".encode())
    # A witness that was away until now cosigns what it is shown first: one, and a head takes three.
    late = Witness(world.policy, world.witnesses[3].name, world.keys.witnesses[3])
    proof = old.ledger.tree.inclusion_proof(announcement.index, world.register.sequencer.newest_size())
    late.add_election(head, announcement.index, world.register.sequencer.entries[announcement.index], proof)
    second.sequencer.add_cosignatures(late.add_checkpoint(request, world.now).body)
    with pytest.raises(errors.InvalidCheckpoint, match="has 1 cosignatures, 3 are needed"):
        second.sequencer.publish_head()


def test_flaw_R03_ledger_that_the_register_does_not_announce_is_unknown() -> None:
    """The operator and one member of the board announce another election, in a register that nobody else has."""
    world = played_world("start")
    register, board, entries = world.register, world.keys.board[:1], list(world.register.sequencer.entries)
    genuine = parse_entry(entries[world.running.election.announcement.index])
    statement = genuine.signed_statement()[0].replace(b"Small election", b"Other election")
    forged = make_entry("announcement", sha256(entries[-1]), signatures_member(statement, sign_all(board, statement)))
    tree = Tree(map(leaf_hash, [*entries, forged]))
    branch = sign_checkpoint(Checkpoint(world.policy.register_origin, tree.size, tree.root()), world.keys.register_log)
    proof, size = tree.inclusion_proof(len(entries), tree.size), register.sequencer.newest_size()
    other = register.register.ledger.tree.inclusion_proof(1, size)
    for witness in world.witnesses:
        with pytest.raises(errors.InvalidCheckpoint, match="has 0 cosignatures, 3 are needed"):
            witness.add_election(branch.encode(), len(entries), forged, proof)
        with pytest.raises(errors.InvalidInclusionProof):
            witness.add_election(register.sequencer.newest_head, 1, forged, other)
        for name in (sha256(statement).hex(), world.identifier.hex() + "-2", world.identifier.hex().upper()):
            text = Checkpoint(f"{world.policy.host}/election/{name}", 1, bytes(32))
            note = sign_checkpoint(text, world.keys.election_log).encode()
            assert witness.add_checkpoint(b"old 0\n\n" + note, world.now).status == NOT_FOUND


def announced_twice(script: Script, _: Any) -> None:
    entry = parse_entry(script.register.entries[-1])
    script.append(script.register, "again", "announcement", {n: entry.value[n] for n in ("signatures", "statement")})


BESIDE: dict[str, tuple[dict[str, Hook], str]] = {
    "V07": ({"after announcement": announced_twice}, "announcement: sequence"),
    "V11": (
        {"after announcement": second_announcement, "entry:opening": lambda s, e: {**e, "election": s.kept.hex()}},
        "has the origin",
    ),
}


@pytest.mark.parametrize("check", BESIDE)
def test_flaw_R03_record_of_a_ledger_beside_its_announcement_is_invalid(check: str, tmp_path: Path) -> None:
    """The announcement stands twice; the ledger of one election is opened as that of another one."""
    hooks, words = BESIDE[check]
    script, result = audit_forged(hooks, tmp_path)
    assert (result.verdict, result.failed[0]) == ("INVALID", check)
    assert words in result.detail(check)
    with pytest.raises(errors.CryptoError):
        follow(script)


def test_flaw_R03_two_whole_ledgers_of_one_election_convict_the_log(tmp_path: Path) -> None:
    """All keys conspire: two records with one id, each VALID by itself; either one's heads refute the other."""
    folders = tmp_path / "one", tmp_path / "two"
    hooks: dict[str, Hook] = {"ready trustees": lambda _, x: x[:2], "listed trustees": lambda _f, _v: [1, 2]}
    scripts = [audit_forged(changes, folder) for changes, folder in zip(({}, hooks), folders, strict=True)]
    assert [result.verdict for _, result in scripts] == ["VALID", "VALID"]
    assert scripts[0][0].election == scripts[1][0].election
    for folder, (other, _) in zip(folders, scripts[::-1], strict=True):
        (tmp_path / "note").write_bytes(other.log.heads[-2])
        result = audit(folder, "--checkpoint", tmp_path / "note")
        assert refusals(result) == ("INVALID", ["V40"])
        evidence = "\n".join(result.report["fork_evidence"])
        assert other.log.heads[-2].decode() in evidence
        # A head from before the fork convicts nobody.
        (tmp_path / "note").write_bytes(other.log.heads[2])
        assert audit(folder, "--checkpoint", tmp_path / "note").verdict == "VALID"


# --- R4


def test_flaw_R04_two_quorums_do_not_approve_two_closings(tmp_path: Path) -> None:
    """Two of three sign, one of them anything: the operator has a quorum for each of two contents, and gets one."""
    world = played_world("end_voting")
    honest, other, corrupt = world.board
    world.propose_closing()
    signatures = [honest.approve(world.now), *signed_by(world, [corrupt])[1]]
    first = world.running.election.proposals[-1]
    index = world.append("ballot", {"rubbish": "between the two closings"})
    world.propose_closing()
    second, rival = signed_by(world, [corrupt])
    rival.append(other.approve(world.now))
    assert first.content != second.content
    for proposal, chosen, refusal in (
        (first, signatures, errors.InvalidApproval),
        (second, signatures, errors.InvalidSignature),
        (second, [signatures[0], rival[1]], errors.InvalidSignature),
    ):
        world.running.submit_approval(proposal, chosen)
        with pytest.raises(refusal):
            world.next_batch()
        assert world.running.election.state is State.VOTING
    world.running.submit_approval(second, rival)
    world.next_batch()
    world.sync()
    world.running.submit_approval(first, signatures)
    with pytest.raises(errors.InvalidApproval, match="not the newest"):
        world.next_batch()
    world.decrypt().certify()
    result = audit_world(world, tmp_path)
    assert (refusals(result), result.excluded) == (("VALID", []), {index: "B1"})


def rival(script: Script, proposal: bytes) -> bytes:
    """One more closing is logged, here or behind the approval of the first."""
    script.propose("rival", "voting", "closed", b"{}")
    return proposal


def at_once(script: Script, proposal: bytes) -> bytes:
    script.approve("at once", proposal)
    return proposal


RIVALS: dict[str, tuple[dict[str, Hook], str]] = {
    "older proposal": ({"closing hash": rival}, "does not name the newest proposal"),
    "unseen proposal": ({"closing hash": at_once}, "stands in the batch of its proposal"),
    "second content": ({"after closing": rival}, "'voting' -> 'closed' in state closed"),
}


@pytest.mark.parametrize("name", RIVALS)
def test_flaw_R04_record_with_another_approval_is_invalid(name: str, tmp_path: Path) -> None:
    hooks, words = RIVALS[name]
    script, result = audit_forged(hooks, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["V15"])
    assert words in result.detail("V15")
    with pytest.raises(errors.CryptoError):
        follow(script)
